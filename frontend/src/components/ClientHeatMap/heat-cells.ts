import { type Matrix, missingBits, outcomeCodes } from '@rondo/protocol';
import { HeatGrid } from '../../charts/heat-map/grid.ts';
import { type ShadeScale, scaleOf, shadesOf } from '../../charts/heat-map/shades.ts';
import type { KeptMatrix } from '../../lib/kept-matrix.ts';
import type { HeatMeasure } from './measures.ts';

type Outcome = keyof typeof outcomeCodes;

/** Outcomes as shades, so that the one that needs a look wins where many share a pixel. */
export const outcomeShades: Record<Outcome, number> = {
  complete: 1,
  pending: 2,
  unreported: 3,
  no_reply: 4,
  failed: 5,
};

const outcomeOfCode: ReadonlyMap<number, Outcome> = new Map(
  Object.entries(outcomeCodes).map(([outcome, code]) => [code, outcome as Outcome]),
);

export type HeatOrder = 'worst' | 'attention' | 'least-seen' | 'name';

/** A matrix as it is drawn and read: rows in their order, values by row and column. */
export interface HeatCells {
  readonly grid: HeatGrid;
  /** Rises with each column that is written into the same grid. */
  readonly version: number;
  readonly made: { readonly lineage: object; readonly measure: HeatMeasure; readonly rows: readonly number[] };
  readonly clientIds: readonly string[];
  readonly rounds: readonly number[];
  /** Null for outcomes. */
  readonly scale: ShadeScale | null;
  /** Null where the client had no part or reported nothing. */
  readonly outcomeAt: (row: number, column: number) => Outcome | null;
  readonly valueAt: (row: number, column: number) => number | null;
}

/** A grid that is full is copied as a whole, which the first new column should not have to wait for. */
const roomToGrow = 1.2;

/** `ranks` are of the clients that the attention list names, the worst first; the others come after them. */
export function toHeatCells(
  matrix: KeptMatrix,
  measure: HeatMeasure,
  order: HeatOrder,
  ranks: ReadonlyMap<string, number> = noRanks,
): HeatCells {
  const numClients = matrix.client_ids.length;
  const values = valuesOf(matrix, measure, 0);
  const scale = values && scaleOf(values, measure.isLowBad);
  const shades = shadesFrom(matrix, values, scale, 0);
  const rows = orderRows(shades, matrix, order, ranks);
  const placed = Uint32Array.from(rows);
  const grid = new HeatGrid(numClients, Math.ceil(matrix.rounds.length * roomToGrow));
  const column = new Uint8Array(numClients);
  for (let index = 0; index < matrix.rounds.length; index++) {
    const cells = shades.subarray(index * numClients, (index + 1) * numClients);
    for (let row = 0; row < numClients; row++) column[row] = cells[placed[row] as number] as number;
    grid.setColumn(index, column);
  }
  const clientIds = rows.map((index) => matrix.client_ids[index] as string);
  return cellsOf({ matrix, measure, rows, clientIds, scale, grid, version: 0 });
}

/**
 * The cells with the columns that are new in the matrix; null where they must be made again. Rows keep their order and
 * shades their scale until then, so that nothing moves under the pointer.
 */
export function extendHeatCells(before: HeatCells | null, matrix: KeptMatrix, measure: HeatMeasure): HeatCells | null {
  if (before === null || before.made.lineage !== matrix.lineage || before.made.measure !== measure) return null;
  const { grid, scale, version, made } = before;
  if (grid.numColumns > matrix.rounds.length || matrix.changedFrom > grid.numColumns) return null;
  const numClients = matrix.client_ids.length;
  const values = valuesOf(matrix, measure, matrix.changedFrom);
  const shades = shadesFrom(matrix, values, scale, matrix.changedFrom);
  const column = new Uint8Array(numClients);
  for (let index = matrix.changedFrom; index < matrix.rounds.length; index++) {
    const start = (index - matrix.changedFrom) * numClients;
    for (let row = 0; row < numClients; row++) column[row] = shades[start + (made.rows[row] as number)] as number;
    grid.setColumn(index, column);
  }
  return cellsOf({ matrix, measure, rows: made.rows, clientIds: before.clientIds, scale, grid, version: version + 1 });
}

interface Made {
  readonly matrix: KeptMatrix;
  readonly measure: HeatMeasure;
  readonly rows: readonly number[];
  readonly clientIds: readonly string[];
  readonly scale: ShadeScale | null;
  readonly grid: HeatGrid;
  readonly version: number;
}

function cellsOf({ matrix, measure, rows, clientIds, scale, grid, version }: Made): HeatCells {
  const numClients = matrix.client_ids.length;
  const cellOf = (row: number, at: number): number => at * numClients + (rows[row] as number);
  const valueAt = (row: number, at: number): number | null => {
    const cell = cellOf(row, at);
    if (!(matrix.cells instanceof Float32Array) || isMissing(matrix, cell)) return null;
    return measure.isOverMedian
      ? (matrix.cells[cell] as number) - medianOf(matrix.cells.subarray(at * numClients, (at + 1) * numClients))
      : (matrix.cells[cell] as number);
  };
  return {
    grid,
    version,
    made: { lineage: matrix.lineage, measure, rows },
    clientIds,
    rounds: matrix.rounds,
    scale,
    outcomeAt: (row, at) =>
      matrix.cells instanceof Float32Array
        ? null
        : (outcomeOfCode.get(matrix.cells[cellOf(row, at)] as number) ?? null),
    valueAt,
  };
}

/** The shades of the columns from one on. `values` are of these columns alone. */
function shadesFrom(
  { cells, bits, client_ids }: Matrix,
  values: Float32Array | null,
  scale: ShadeScale | null,
  fromColumn: number,
): Uint8Array {
  const from = fromColumn * client_ids.length;
  if (values && scale)
    return shadesOf(values, scale, bits === null ? null : { words: bits.subarray(from), word: missingBits });
  const codes = cells.subarray(from);
  const all = new Uint8Array(codes.length);
  for (let at = 0; at < all.length; at++) all[at] = shadeOfCode[codes[at] as number] as number;
  return all;
}

const noRanks: ReadonlyMap<string, number> = new Map();

const shadeOfCode: Uint8Array = Uint8Array.from({ length: 256 }, (_, code) => {
  const outcome = outcomeOfCode.get(code);
  return outcome === undefined ? 0 : outcomeShades[outcome];
});

const isMissing = ({ bits }: Matrix, at: number): boolean => bits !== null && bits[at] === missingBits;

/** The values to draw of the columns from one on; null for outcomes. */
function valuesOf(matrix: Matrix, { isOverMedian }: HeatMeasure, fromColumn: number): Float32Array | null {
  if (!(matrix.cells instanceof Float32Array)) return null;
  const numClients = matrix.client_ids.length;
  const values = matrix.cells.subarray(fromColumn * numClients);
  if (!isOverMedian) return values;
  const over = new Float32Array(values.length);
  for (let start = 0; start < over.length; start += numClients) {
    const column = values.subarray(start, start + numClients);
    const median = medianOf(column);
    for (let row = 0; row < column.length; row++) over[start + row] = (column[row] as number) - median;
  }
  return over;
}

/** Of the finite values; zero where there are none. */
function medianOf(column: Float32Array): number {
  const finite = column.filter(Number.isFinite).sort();
  const middle = finite.length >> 1;
  const upper = finite[middle] ?? 0;
  return finite.length % 2 ? upper : ((finite[middle - 1] ?? 0) + upper) / 2;
}

/** Indices of the matrix's clients in the order of the rows. */
function orderRows(
  shades: Uint8Array,
  { client_ids, rounds }: Matrix,
  order: HeatOrder,
  ranks: ReadonlyMap<string, number>,
): number[] {
  const numClients = client_ids.length;
  // Whole numbers of 32 bits hold the sum of sixteen million rounds.
  const sums = new Uint32Array(numClients);
  const seen = new Uint32Array(numClients);
  for (let start = 0; start < shades.length; start += numClients) {
    for (let row = 0; row < numClients; row++) {
      const shade = shades[start + row] as number;
      sums[row] = (sums[row] as number) + shade;
      seen[row] = (seen[row] as number) + (shade > 0 ? 1 : 0);
    }
  }
  const byName = (a: number, b: number) => compareIds(client_ids[a] as string, client_ids[b] as string);
  const badness = (row: number) => (seen[row] ? (sums[row] as number) / (seen[row] as number) : -1);
  const rankOf = (row: number) => ranks.get(client_ids[row] as string) ?? Number.MAX_SAFE_INTEGER;
  const compare: Record<HeatOrder, (a: number, b: number) => number> = {
    name: byName,
    'least-seen': (a, b) => (seen[a] as number) - (seen[b] as number) || byName(a, b),
    worst: (a, b) => badness(b) - badness(a) || byName(a, b),
    attention: (a, b) => rankOf(a) - rankOf(b) || badness(b) - badness(a) || byName(a, b),
  };
  const rows = client_ids.map((_, row) => row);
  return rounds.length === 0 ? rows : rows.sort(compare[order]);
}

const compareIds = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

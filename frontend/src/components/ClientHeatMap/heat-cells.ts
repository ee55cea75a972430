import { type Matrix, missingBits, outcomeCodes } from '@rondo/protocol';
import { HeatGrid } from '../../charts/heat-map/grid.ts';
import { type ShadeScale, scaleOf, shadeOf } from '../../charts/heat-map/shades.ts';
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
  readonly clientIds: readonly string[];
  readonly rounds: readonly number[];
  /** Null for outcomes. */
  readonly scale: ShadeScale | null;
  /** Null where the client had no part or reported nothing. */
  readonly outcomeAt: (row: number, column: number) => Outcome | null;
  readonly valueAt: (row: number, column: number) => number | null;
}

/** `ranks` are of the clients that the attention list names, the worst first; the others come after them. */
export function toHeatCells(
  matrix: Matrix,
  measure: HeatMeasure,
  order: HeatOrder,
  ranks: ReadonlyMap<string, number> = noRanks,
): HeatCells {
  const numClients = matrix.client_ids.length;
  const values = valuesOf(matrix, measure);
  const scale = values && scaleOf(values, measure.isLowBad);
  const shades = new Uint8Array(matrix.cells.length);
  for (let at = 0; at < shades.length; at++) {
    if (values && scale) shades[at] = isMissing(matrix, at) ? 0 : shadeOf(values[at] as number, scale);
    else shades[at] = shadeOfCode(matrix.cells[at] as number);
  }
  const rows = orderRows(shades, matrix, order, ranks);
  const grid = new HeatGrid(numClients, matrix.rounds.length);
  const column = new Uint8Array(numClients);
  for (let index = 0; index < matrix.rounds.length; index++) {
    for (let row = 0; row < numClients; row++)
      column[row] = shades[index * numClients + (rows[row] as number)] as number;
    grid.setColumn(index, column);
  }
  const cellOf = (row: number, at: number): number => at * numClients + (rows[row] as number);
  return {
    grid,
    clientIds: rows.map((index) => matrix.client_ids[index] as string),
    rounds: matrix.rounds,
    scale,
    outcomeAt: (row, at) => (values ? null : (outcomeOfCode.get(matrix.cells[cellOf(row, at)] as number) ?? null)),
    valueAt: (row, at) => (values && !isMissing(matrix, cellOf(row, at)) ? (values[cellOf(row, at)] as number) : null),
  };
}

const noRanks: ReadonlyMap<string, number> = new Map();

const shadeOfCode = (code: number): number => {
  const outcome = outcomeOfCode.get(code);
  return outcome === undefined ? 0 : outcomeShades[outcome];
};

const isMissing = ({ bits }: Matrix, at: number): boolean => bits !== null && bits[at] === missingBits;

/** The values to draw; null for outcomes. */
function valuesOf(matrix: Matrix, { isOverMedian }: HeatMeasure): Float32Array | null {
  if (!(matrix.cells instanceof Float32Array)) return null;
  if (!isOverMedian) return matrix.cells;
  const over = new Float32Array(matrix.cells);
  const numClients = matrix.client_ids.length;
  for (let start = 0; start < over.length; start += numClients) {
    const column = over.subarray(start, start + numClients);
    const finite = column.filter(Number.isFinite).sort();
    const middle = finite.length >> 1;
    const median = finite.length % 2 ? finite[middle] : ((finite[middle - 1] ?? 0) + (finite[middle] ?? 0)) / 2;
    for (let row = 0; row < column.length; row++) column[row] = (column[row] as number) - (median ?? 0);
  }
  return over;
}

/** Indices of the matrix's clients in the order of the rows. */
function orderRows(
  shades: Uint8Array,
  { client_ids, rounds }: Matrix,
  order: HeatOrder,
  ranks: ReadonlyMap<string, number>,
): number[] {
  const numClients = client_ids.length;
  const sums = new Float64Array(numClients);
  const seen = new Uint32Array(numClients);
  for (let at = 0; at < shades.length; at++) {
    const row = at % numClients;
    const shade = shades[at] as number;
    sums[row] = (sums[row] as number) + shade;
    if (shade > 0) seen[row] = (seen[row] as number) + 1;
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

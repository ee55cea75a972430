import { type Matrix, missingBits } from '@rondo/protocol';

/**
 * A matrix that grows: what was drawn of it needs only its new columns.
 *
 * `lineage` is the same object as long as no cell before `changedFrom` is another, so that a drawing of the same lineage
 * is brought up to date by the columns from there on.
 */
export interface KeptMatrix extends Matrix {
  readonly lineage: object;
  /** The first column that differs from the one before it in the lineage. */
  readonly changedFrom: number;
}

export const keep = (matrix: Matrix): KeptMatrix => ({ ...matrix, lineage: {}, changedFrom: 0 });

/** A late result corrects a round that is over; so many closed rounds are read again. */
const overlapRounds = 2;

/** The first round to read again; null reads all. */
export function readAgainFrom({ rounds, open_rounds }: Matrix): number | null {
  const last = rounds.at(-(overlapRounds + 1));
  if (last === undefined) return null;
  return Math.min(last, ...open_rounds);
}

/** What is known, with the columns of the news in their places. */
export function mergeMatrix(known: KeptMatrix, news: Matrix): KeptMatrix {
  const [first] = news.rounds;
  if (first === undefined) return known;
  const numKept = known.rounds.findIndex((round) => round >= first);
  const kept = numKept === -1 ? known.rounds.length : numKept;
  const numClients = news.client_ids.length;
  const rounds = [...known.rounds.slice(0, kept), ...news.rounds];
  const isSameHeight = numClients === known.client_ids.length;
  const length = rounds.length * numClients;
  const cells = room(known, length, isSameHeight);
  if (!isSameHeight) relay(known, cells, kept, numClients);
  // As bits: a NaN that says "not reported" must stay the one that it is.
  const target = bytesOf(cells);
  target.set(bytesOf(news.cells), kept * numClients * cells.BYTES_PER_ELEMENT);
  const bits = cells instanceof Float32Array ? new Uint32Array(cells.buffer, cells.byteOffset, length) : null;
  const lineage = isSameHeight ? known.lineage : {};
  return { ...news, rounds, cells, bits, lineage, changedFrom: isSameHeight ? kept : 0 };
}

type Cells = Matrix['cells'];

const bytesOf = ({ buffer, byteOffset, byteLength }: Cells): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Cells of this length that begin with the known ones: in the same memory, where it has the room. */
function room({ cells }: Matrix, length: number, isSameHeight: boolean): Cells {
  const size = cells.BYTES_PER_ELEMENT;
  const of = (buffer: ArrayBuffer, offset: number): Cells =>
    cells instanceof Float32Array ? new Float32Array(buffer, offset, length) : new Uint8Array(buffer, offset, length);
  const { buffer, byteOffset } = cells;
  if (isSameHeight && byteOffset === 0 && buffer.byteLength >= length * size) return of(buffer as ArrayBuffer, 0);
  // Twice the room, so that a column a round is not a copy a round.
  const larger = new ArrayBuffer(2 * length * size);
  if (isSameHeight) new Uint8Array(larger).set(bytesOf(cells).subarray(0, Math.min(cells.byteLength, length * size)));
  return of(larger, 0);
}

/** Columns of more clients: those that are new had no part. */
function relay(known: Matrix, cells: Cells, columns: number, numClients: number): void {
  const before = known.client_ids.length;
  const missing = known.bits === null ? 0 : missingBits;
  const words = cells instanceof Float32Array ? new Uint32Array(cells.buffer, cells.byteOffset, cells.length) : cells;
  const old = known.bits ?? (known.cells as Uint8Array);
  words.fill(missing);
  for (let column = 0; column < columns; column++)
    words.set(old.subarray(column * before, (column + 1) * before), column * numClients);
}

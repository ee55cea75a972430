import { type ClientId, isRoundOver, limits, type RunId } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import {
  type InsightRow,
  numberClients,
  type Range,
  readClientNumbers,
  readDerived,
  readParts,
  readRoundsOf,
  saveDerived,
} from '../db/queries/insight.ts';
import type { rounds } from '../db/schema.ts';
import type { RoundSums } from '../db/tables/insight.ts';
import { type Columns, type Part, type StoredMeasure, storedMeasures, sumsOf, toColumns } from './columns.ts';
import { dispersionsOf } from './dispersion.ts';

export type RoundRow = typeof rounds.$inferSelect;

/** What is derived from one round. */
export interface Derived {
  readonly row: RoundRow;
  readonly columns: Columns;
  readonly sums: RoundSums;
  readonly dispersion: InsightRow['dispersion'];
}

/** The numbers of a run's clients, which only grow. */
export class ClientNumbers {
  readonly ids: ClientId[] = [];
  readonly #index = new Map<ClientId, number>();
  readonly #runId: RunId;

  constructor(runId: RunId) {
    this.#runId = runId;
  }

  async load(db: Db): Promise<this> {
    for (const id of (await readClientNumbers(db, this.#runId)).slice(this.ids.length)) this.#add(id);
    return this;
  }

  /** Numbers that are stored for all of them, so that a column never means another client later. */
  async require(db: Db, ids: readonly ClientId[]): Promise<void> {
    const missing = ids.filter((id) => !this.#index.has(id));
    if (missing.length === 0) return;
    await numberClients(db, this.#runId, missing);
    await this.load(db);
  }

  indexOf = (id: ClientId): number => this.#index.get(id) ?? -1;

  #add(id: ClientId): void {
    this.#index.set(id, this.ids.length);
    this.ids.push(id);
  }
}

/** The parts of the attempt that counts. */
async function currentParts(db: Db, row: RoundRow, given?: readonly Part[]): Promise<Part[]> {
  const { attempt } = row as { attempt?: number };
  const parts = given ?? (await readParts(db, row.run_id, row.round));
  return parts.filter((part) => attempt === undefined || (part as { attempt?: number }).attempt === attempt);
}

/** Derives a round from its parts, and stores that once it is over. */
export async function deriveRound(
  db: Db,
  row: RoundRow,
  numbers: ClientNumbers,
  given?: readonly Part[],
): Promise<Derived> {
  const parts = await currentParts(db, row, given);
  await numbers.require(
    db,
    parts.map(({ client_id }) => client_id),
  );
  const columns = toColumns(parts, numbers.indexOf, row.completed_at);
  const derived = { row, columns, sums: sumsOf(parts), dispersion: dispersionsOf(parts) };
  if (isRoundOver(row)) await saveDerived(db, toInsightRow(derived));
  return derived;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView<ArrayBuffer>) =>
  new Uint8Array(buffer, byteOffset, byteLength);

function toInsightRow({ row, columns, sums, dispersion }: Derived): InsightRow {
  const values = Object.fromEntries(storedMeasures.map((name) => [name, bytesOf(columns.values[name])]));
  return {
    run_id: row.run_id,
    round: row.round,
    seq: row.updated_seq,
    client: bytesOf(columns.client),
    outcome: columns.outcome,
    flags: columns.flags,
    ...(values as Record<StoredMeasure, Uint8Array>),
    dispersion,
    sums,
  };
}

export const wordsOf = (bytes: Uint8Array): Uint32Array<ArrayBuffer> =>
  new Uint32Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength / 4);
export const floatsOf = (bytes: Uint8Array): Float32Array<ArrayBuffer> =>
  new Float32Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength / 4);

function fromInsightRow(row: RoundRow, derived: InsightRow): Derived {
  const values = Object.fromEntries(storedMeasures.map((name) => [name, floatsOf(derived[name])]));
  const columns = {
    client: wordsOf(derived.client),
    outcome: derived.outcome as Uint8Array<ArrayBuffer>,
    flags: derived.flags as Uint8Array<ArrayBuffer>,
    values: values as Columns['values'],
  };
  return { row, columns, sums: derived.sums, dispersion: derived.dispersion };
}

export interface RoundsInRange {
  readonly rows: readonly RoundRow[];
  /** Those that are over, whose derived rows are now up to date. */
  readonly stored: readonly number[];
  /** Those that are not, derived as they are now. */
  readonly open: ReadonlyMap<number, Derived>;
  readonly numbers: ClientNumbers;
}

/** The newest rounds of a range, each derived: those that are over in the database, the others at hand. */
export async function prepareRounds(
  db: Db,
  runId: RunId,
  range: Range,
  limit: number = limits.insightRounds,
): Promise<RoundsInRange> {
  const rows = await readRoundsOf(db, runId, range, limit);
  const numbers = await new ClientNumbers(runId).load(db);
  const open = new Map<number, Derived>();
  for (const { derived_seq, ...row } of rows) {
    if (derived_seq === row.updated_seq && isRoundOver(row)) continue;
    const derived = await deriveRound(db, row, numbers);
    if (!isRoundOver(row)) open.set(row.round, derived);
  }
  const stored = rows.filter(isRoundOver).map(({ round }) => round);
  return { rows, stored, open, numbers };
}

// 20 rounds of 5,000 clients are 4 MB.
const roundsAtOnce = 20;

/** Everything that is derived from these rounds, oldest first, a few rounds in memory at a time. */
export async function* readDerivedRounds(db: Db, runId: RunId, { rows, open }: RoundsInRange): AsyncIterable<Derived> {
  for (let at = 0; at < rows.length; at += roundsAtOnce) {
    const chunk = rows.slice(at, at + roundsAtOnce);
    const all = ['seq', 'client', 'outcome', 'flags', ...storedMeasures, 'dispersion', 'sums'] as const;
    const found = await readDerived(
      db,
      runId,
      chunk.filter(({ round }) => !open.has(round)).map(({ round }) => round),
      all,
    );
    const byRound = new Map(found.map((each) => [each.round, each as InsightRow]));
    for (const row of chunk) {
      const derived = byRound.get(row.round);
      const ready = open.get(row.round) ?? (derived && fromInsightRow(row, derived));
      if (ready) yield ready;
    }
  }
}

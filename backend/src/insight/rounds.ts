import { type ClientId, isRoundOver, limits, type RunId, toNumber } from '@rondo/protocol';
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
import { directionOf } from './direction.ts';
import { dispersionsOf } from './dispersion.ts';
import { accountOf } from './funnel.ts';
import { packClients, packColumn, unpackClients, unpackColumn, wordsOf } from './packed.ts';

export type RoundRow = typeof rounds.$inferSelect;

/** The values derived from one round. */
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
  const parts = given ?? (await readParts(db, row.run_id, row.round));
  return parts.filter(({ attempt }) => attempt === row.attempt);
}

/** Derives a round from the parts of its current attempt, and stores that once it is over. */
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
  const derived = { row, ...derive(row, parts, numbers.indexOf) };
  if (isRoundOver(row)) await saveDerived(db, toInsightRow(row, derived));
  return derived;
}

/** Of the parts of the attempt that counts. */
export function derive(
  { completed_at, update_norm }: Pick<RoundRow, 'completed_at' | 'update_norm'>,
  parts: readonly Part[],
  indexOf: (id: ClientId) => number,
): Omit<Derived, 'row'> {
  const columns = toColumns(parts, indexOf, completed_at);
  const { agreement, n } = directionOf(columns, update_norm === null ? null : toNumber(update_norm));
  const sums = { ...sumsOf(parts), ...accountOf(columns), agreement, num_directions: n };
  return { columns, sums, dispersion: dispersionsOf(parts) };
}

export function toInsightRow(
  row: Pick<RoundRow, 'run_id' | 'round' | 'updated_seq'>,
  { columns, sums, dispersion }: Omit<Derived, 'row'>,
): InsightRow {
  const values = Object.fromEntries(storedMeasures.map((name) => [name, packColumn(columns.values[name])]));
  return {
    run_id: row.run_id,
    round: row.round,
    seq: row.updated_seq,
    client: packClients(columns.client),
    outcome: packColumn(columns.outcome),
    flags: packColumn(columns.flags),
    ...(values as Record<StoredMeasure, Uint8Array>),
    dispersion,
    sums,
  };
}

const nothing = new Uint8Array(0);

function columnsOf(derived: Partial<InsightRow>): Columns {
  const client = unpackClients(derived.client ?? nothing);
  const small = (name: 'outcome' | 'flags') =>
    unpackColumn((derived[name] ?? nothing) as Uint8Array<ArrayBuffer>, client.length);
  const values = Object.fromEntries(
    storedMeasures.map((name) => {
      const words = unpackColumn(wordsOf(derived[name] ?? nothing), client.length);
      return [name, new Float32Array(words.buffer, words.byteOffset, words.length)];
    }),
  );
  return { client, outcome: small('outcome'), flags: small('flags'), values: values as Columns['values'] };
}

export interface RoundsInRange {
  readonly rows: readonly RoundRow[];
  /** The completed rounds, with derived rows that are up to date. */
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

/** The columns of these rounds, oldest first, a few rounds in memory at a time; columns that are not wanted are empty. */
export async function* readDerivedRounds(
  db: Db,
  runId: RunId,
  { rows, open }: RoundsInRange,
  wanted: readonly StoredMeasure[] = storedMeasures,
): AsyncIterable<Pick<Derived, 'row' | 'columns'>> {
  for (let at = 0; at < rows.length; at += roundsAtOnce) {
    const chunk = rows.slice(at, at + roundsAtOnce);
    const numbers = chunk.filter(({ round }) => !open.has(round)).map(({ round }) => round);
    const found = await readDerived(db, runId, numbers, ['client', 'outcome', 'flags', ...wanted]);
    const byRound = new Map<number, Partial<InsightRow>>(found.map((each) => [each.round, each]));
    for (const row of chunk) {
      const derived = byRound.get(row.round);
      const columns = open.get(row.round)?.columns ?? (derived && columnsOf(derived));
      if (columns) yield { row, columns };
    }
  }
}

import { isRoundOver, limits, type RunId } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { readTotals, saveTotals, type TotalsRow } from '../db/queries/insight.ts';
import type { Columns } from './columns.ts';
import { bytesOf } from './packed.ts';
import { prepareRounds, type RoundRow, type RoundsInRange, readDerivedRounds } from './rounds.ts';

const summed = ['duration_ms', 'bytes_up', 'bytes_down', 'sample_count'] as const;
/** Round numbers of one block. */
const blockRounds = 64;

export const blockOf = (round: number): number => Math.floor(round / blockRounds);

/** What each client cost, by its number: milliseconds, bytes and examples. */
export class ClientTotals {
  #columns = summed.map(() => new Float64Array(64));
  #length = 0;

  add({ client, values }: Columns): void {
    this.#grow(client.reduce((most, id) => Math.max(most, id + 1), 0));
    for (const [n, name] of summed.entries()) {
      const into = this.#columns[n] as Float64Array;
      const column = values[name];
      for (let at = 0; at < client.length; at++) {
        const value = column[at] as number;
        const id = client[at] as number;
        if (Number.isFinite(value)) into[id] = (into[id] as number) + value;
      }
    }
  }

  addPacked(packed: Uint8Array): void {
    const all = new Float64Array(packed.buffer as ArrayBuffer, packed.byteOffset, packed.byteLength / 8);
    const clients = all.length / summed.length;
    this.#grow(clients);
    for (const [n, into] of this.#columns.entries())
      for (let id = 0; id < clients; id++) into[id] = (into[id] as number) + (all[n * clients + id] as number);
  }

  pack(): Uint8Array<ArrayBuffer> {
    const all = new Float64Array(summed.length * this.#length);
    for (const [n, column] of this.#columns.entries()) all.set(column.subarray(0, this.#length), n * this.#length);
    return bytesOf(all);
  }

  of(client: number) {
    const [client_ms = 0, bytes_up = 0, bytes_down = 0, examples = 0] = this.#columns.map((column) => column[client]);
    return { client_ms, bytes_up, bytes_down, examples };
  }

  #grow(clients: number): void {
    this.#length = Math.max(this.#length, clients);
    const [first] = this.#columns;
    if (!first || clients <= first.length) return;
    this.#columns = this.#columns.map((column) => {
      const larger = new Float64Array(2 * clients);
      larger.set(column);
      return larger;
    });
  }
}

/** Which rounds, and which state of each, a block was summed from. */
const signOf = (rows: readonly Pick<RoundRow, 'updated_seq'>[]) => ({
  num_rounds: rows.length,
  seqs: rows.reduce((sum, { updated_seq }) => sum + updated_seq, 0),
});

export const totalsRow = (
  run_id: RunId,
  block: number,
  rows: readonly Pick<RoundRow, 'updated_seq'>[],
  totals: ClientTotals,
): TotalsRow => ({ run_id, block, ...signOf(rows), totals: totals.pack() });

/** What each client cost in these rounds. Blocks that are over are read as they were summed, or summed and kept. [G9] */
export async function sumClients(db: Db, runId: RunId, prepared: RoundsInRange): Promise<ClientTotals> {
  const blocks = Map.groupBy(prepared.rows, ({ round }) => blockOf(round));
  const numbers = [...blocks.keys()];
  const newest = numbers.at(-1) ?? 0;
  // Of a long run the oldest block may be cut.
  const isCut = (block: number) => block === numbers[0] && prepared.rows.length >= limits.insightRounds;
  const known = new Map((await readTotals(db, runId)).map((row) => [row.block, row]));
  const all = new ClientTotals();
  for (const [block, rows] of blocks) {
    const kept = known.get(block);
    const sign = signOf(rows);
    if (kept?.num_rounds === sign.num_rounds && kept.seqs === sign.seqs) {
      all.addPacked(kept.totals);
      continue;
    }
    const ofBlock = new ClientTotals();
    for await (const { columns } of readDerivedRounds(db, runId, { ...prepared, rows }, summed)) ofBlock.add(columns);
    const totals = totalsRow(runId, block, rows, ofBlock);
    all.addPacked(totals.totals);
    if (block < newest && !isCut(block) && rows.every(isRoundOver)) await saveTotals(db, totals);
  }
  return all;
}

/** Keeps the sums of a block that has just ended, so that the first reader need not wait for them. */
export async function keepBlock(db: Db, runId: RunId, block: number): Promise<void> {
  const range = { from: block * blockRounds, to: (block + 1) * blockRounds - 1 };
  const prepared = await prepareRounds(db, runId, range);
  if (prepared.rows.length === 0 || !prepared.rows.every(isRoundOver)) return;
  const totals = new ClientTotals();
  for await (const { columns } of readDerivedRounds(db, runId, prepared, summed)) totals.add(columns);
  await saveTotals(db, totalsRow(runId, block, prepared.rows, totals));
}

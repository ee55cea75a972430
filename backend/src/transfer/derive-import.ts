import { type ClientId, isRoundOver, type RunId } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import {
  type InsightRow,
  insertClientNumbers,
  insertDerived,
  insertTotals,
  keepAttention,
  readRoundsOf,
  type TotalsRow,
} from '../db/queries/insight.ts';
import { findRunRow } from '../db/queries/runs.ts';
import { AttentionFold } from '../insight/attention-fold.ts';
import { keptOf } from '../insight/attention-kept.ts';
import type { Part } from '../insight/columns.ts';
import { closedKept, listOfRun } from '../insight/list-of-run.ts';
import { derive, type RoundRow, toInsightRow } from '../insight/rounds.ts';
import { blockOf, ClientTotals, totalsRow } from '../insight/totals.ts';

export type ImportedPart = Part & Pick<RoundRow, 'round'>;
export type ImportedRound = Pick<
  RoundRow,
  'round' | 'status' | 'attempt' | 'completed_at' | 'update_norm' | 'updated_seq'
>;

/**
 * Derives the rounds of a run while it is imported: their parts are at hand, and come in the order of their rounds. To read
 * millions of them back takes minutes, which the first reader would wait. A file in another order is derived when it is
 * read, as rounds without a derived row are. [G22]
 */
export class ImportedInsight {
  readonly #runId: RunId;
  readonly #rounds: AsyncIterator<readonly ImportedRound[]>;
  #ahead: ImportedRound[] = [];
  #parts: ImportedPart[] = [];
  #isInOrder = true;
  readonly #ids: ClientId[] = [];
  readonly #index = new Map<ClientId, number>();
  #numStored = 0;
  #rows: InsightRow[] = [];
  #totals: TotalsRow[] = [];
  #block: { readonly block: number; readonly rounds: ImportedRound[]; readonly totals: ClientTotals } | undefined;
  readonly #fold = new AttentionFold();

  constructor(runId: RunId, rounds: AsyncIterator<readonly ImportedRound[]>) {
    this.#runId = runId;
    this.#rounds = rounds;
  }

  async add(parts: readonly ImportedPart[]): Promise<void> {
    for (const part of parts) {
      const round = this.#parts[0]?.round;
      if (round !== undefined && part.round !== round) await this.#close(round);
      if (!this.#isInOrder) return;
      this.#parts.push(part);
    }
  }

  /** After the last part. */
  async end(): Promise<void> {
    const round = this.#parts[0]?.round;
    if (round !== undefined) await this.#close(round);
    for (let row = await this.#next(); row && this.#isInOrder; row = await this.#next()) this.#derive(row, []);
  }

  /** What was derived since. */
  async store(tx: Db): Promise<void> {
    await insertClientNumbers(tx, this.#runId, this.#ids.slice(this.#numStored), this.#numStored);
    this.#numStored = this.#ids.length;
    await insertDerived(tx, this.#rows);
    this.#rows = [];
    for (const row of this.#totals) await insertTotals(tx, row);
    this.#totals = [];
  }

  /** In the transaction that makes it a run. */
  async keepList(tx: Db, epoch: string, seq: number): Promise<void> {
    const run = await findRunRow(tx, this.#runId);
    if (!run || !this.#isInOrder) return;
    const closed = (await readRoundsOf(tx, this.#runId, {}, closedKept)).filter(isRoundOver);
    const fold = this.#fold;
    const listed = await listOfRun(tx, run, { fold, ids: this.#ids, closed }, []);
    await keepAttention(tx, keptOf(run, { epoch, seq, fold }, listed));
  }

  async #close(round: number): Promise<void> {
    const parts = this.#parts;
    this.#parts = [];
    for (let row = await this.#next(); ; row = await this.#next()) {
      if (!row || row.round > round) {
        this.#isInOrder = false;
        return;
      }
      this.#derive(row, row.round === round ? parts : []);
      if (row.round === round) return;
    }
  }

  async #next(): Promise<ImportedRound | undefined> {
    if (this.#ahead.length === 0) {
      const { value, done } = await this.#rounds.next();
      if (done) return undefined;
      this.#ahead = [...value];
    }
    return this.#ahead.shift();
  }

  #derive(row: ImportedRound, all: readonly ImportedPart[]): void {
    const parts = all.filter(({ attempt }) => attempt === row.attempt);
    const derived = derive(row, parts, (id) => this.#indexOf(id));
    const block = blockOf(row.round);
    if (this.#block?.block !== block) {
      this.#endBlock();
      this.#block = { block, rounds: [], totals: new ClientTotals() };
    }
    this.#block.rounds.push(row);
    this.#block.totals.add(derived.columns);
    if (!isRoundOver(row)) return;
    this.#rows.push(toInsightRow({ run_id: this.#runId, round: row.round, updated_seq: row.updated_seq }, derived));
    this.#fold.closeRound({ round: row.round, completed_at: row.completed_at, columns: derived.columns });
  }

  #endBlock(): void {
    if (!this.#block?.rounds.every(isRoundOver)) return;
    const { block, rounds, totals } = this.#block;
    this.#totals.push(totalsRow(this.#runId, block, rounds, totals));
  }

  #indexOf(id: ClientId): number {
    const known = this.#index.get(id);
    if (known !== undefined) return known;
    this.#index.set(id, this.#ids.length);
    this.#ids.push(id);
    return this.#ids.length - 1;
  }
}

import { isRoundOver, type RunId } from '@rondo/protocol';
import type { Committed, EventBus } from '../bus/event-bus.ts';
import type { Db } from '../db/db.ts';
import { createPartitions, isMissingPartition, type Month, monthOf } from '../db/partitions.ts';
import type { Costs } from '../db/queries/key-usage.ts';
import { reporterOf } from '../db/queries/reporters.ts';
import { lockFreeRuns, lockRuns } from '../db/queries/run-state.ts';
import { together } from '../db/together.ts';
import { Batches } from './batches.ts';
import { type Entry, foreignParts, groupByRun, isOwn, noteAt } from './entries.ts';
import type { Piece } from './job.ts';
import { addCost, type KeyUsage } from './key-usage.ts';
import { withNewRuns } from './lock-runs.ts';
import { RecentRuns } from './recent-runs.ts';
import { type Bounds, reduce } from './reduce.ts';
import { RunCache } from './run-cache.ts';
import { save } from './save.ts';
import type { RoundRow, RunRow, RunState, UpdateRow } from './state.ts';
import type { Saved } from './writing.ts';

export interface CommitterOptions {
  readonly db: Db;
  readonly bus: EventBus;
  readonly now: () => Date;
  readonly bounds: Bounds | undefined;
  readonly usage: KeyUsage | undefined;
  readonly onRoundOver: (round: RoundRow, parts: readonly UpdateRow[]) => void;
}

export interface Done {
  /** Gives the callers their results. */
  readonly finish: () => void;
  readonly committed: readonly Committed[];
}

/** What a transaction found out about one piece, by the positions of its parts. */
interface Verdict {
  readonly isFresh: boolean;
  readonly foreign: ReadonlySet<number>;
  readonly duplicates: Set<number>;
  readonly refused: Map<number, string>;
}

/** A locked run with its entries that may speak of it. */
interface Work {
  readonly before: RunRow;
  readonly entries: readonly Entry[];
  readonly inputs: readonly Entry['input'][];
}

interface Written {
  readonly before: RunRow;
  readonly saved: Saved;
}

/**
 * Stores a group in one transaction. [I1]
 *
 *   begin · take batch numbers and lock runs · reduce · write · answer and count · commit
 *
 * Statements that need no answer of each other are sent at once, so that the database never waits for the next.
 */
export class Committer {
  readonly #options: CommitterOptions;
  readonly #cache = new RunCache();
  readonly #recentRuns = new RecentRuns();
  /** The months whose partitions existed at the last look: another server may have dropped an old one. */
  readonly #months = new Set<Month>();

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  /** After a failure. True if the group should be tried again: a partition that was there is missing. */
  forget(group: readonly Piece[], error: unknown): boolean {
    this.#cache.forget(group.flatMap(({ parts }) => parts.map(({ input }) => input.run_id)));
    if (this.#months.size === 0 || !isMissingPartition(error)) return false;
    this.#months.clear();
    return true;
  }

  async commit(group: readonly Piece[]): Promise<Done> {
    const receivedAt = this.#options.now().toISOString();
    let written: Written[] = [];
    let newMonths: Month[] = [];
    const finish = await this.#options.db.transaction(async (tx) => {
      const batches = new Batches(
        tx,
        group.map(({ job, isLast }) => ({ batch: isLast ? job.batch : undefined, inputs: job.inputs })),
      );
      const named = new Set(group.flatMap(({ parts }) => parts.map(({ input }) => input.run_id)));
      const [fresh, known] = await together(batches.take(receivedAt), lockRuns(tx, [...named]));
      const byRun = groupByRun(group, fresh);
      const heard = await this.#lockHeard(tx, batches.knownRuns(), named, byRun, receivedAt);
      const costs = new Map<string, Costs>();
      const { usage } = this.#options;
      const locked = await withNewRuns(tx, [...known, ...heard], { byRun, receivedAt, usage, costs });
      const verdicts = verdictsOf(group, fresh, locked);
      newMonths = await this.#addMonths(tx, locked);
      const works = worksOf(locked, byRun);
      const saved = await this.#store(tx, works, receivedAt, verdicts);
      written = works.map(({ before }, index) => ({ before, saved: saved[index] as Saved }));
      addCosts(group, verdicts, costs);
      const runs = written
        .flatMap(toCommitted)
        .map(({ run_id, epoch, seq, is_new_run }) => ({ run_id, epoch, seq, is_new_run }));
      const [waiting, noteCosts] = await together(
        batches.answer(),
        // Near the end, so that another server with the same key waits for little more than the commit.
        usage?.add(tx, costs),
        runs.length > 0 ? this.#options.bus.announce(tx, { runs }) : undefined,
      );
      return () => {
        noteCosts?.();
        for (const [index, piece] of group.entries()) {
          const { job } = piece;
          const { isFresh, duplicates, foreign, refused } = verdicts[index] as Verdict;
          job.note(piece, duplicates, foreign, refused);
          if (!piece.isLast) continue;
          const commands = (job.batch && waiting.get(reporterOf(job.batch))) ?? [];
          job.settled.resolve(job.result(!isFresh, commands));
        }
      };
    });
    for (const month of newMonths) this.#months.add(month);
    this.#keep(written, receivedAt);
    return { finish, committed: written.flatMap(toCommitted) };
  }

  /** Locks the runs whose reporters are alive, though they say nothing of them; a run that another server holds is heard there. */
  async #lockHeard(
    tx: Db,
    ids: Iterable<RunId>,
    named: ReadonlySet<RunId>,
    byRun: Map<RunId, Entry[]>,
    receivedAt: string,
  ): Promise<readonly RunRow[]> {
    const due = this.#recentRuns.due(ids, receivedAt).filter((id) => !byRun.has(id));
    for (const run_id of due) {
      const input = { type: 'reporter_heard', run_id } as const;
      byRun.set(run_id, [{ input, at: undefined, origin: undefined, owner: undefined, key: undefined }]);
    }
    return lockFreeRuns(
      tx,
      due.filter((id) => !named.has(id)),
    );
  }

  async #addMonths(tx: Db, locked: readonly RunRow[]): Promise<Month[]> {
    const months = new Set(locked.map(({ created_at }) => monthOf(created_at)));
    const added = [...months].filter((month) => !this.#months.has(month));
    await createPartitions(tx, added);
    return added;
  }

  async #store(
    tx: Db,
    works: readonly Work[],
    receivedAt: string,
    verdicts: readonly Verdict[],
  ): Promise<readonly Saved[]> {
    const states = await this.#cache.load(tx, works);
    const reduced = works.map(({ inputs, entries }, index) => {
      const state = states[index] as RunState;
      const reduction = reduce(state, inputs, receivedAt, (at) => entries[at]?.origin, this.#options.bounds);
      return { state, reduction };
    });
    const all = await save(tx, reduced, receivedAt);
    const duplicates = verdicts.map((verdict) => verdict.duplicates);
    for (const [index, { entries, inputs }] of works.entries()) {
      const saved = all[index] as Saved;
      for (const [at, input] of inputs.entries()) {
        if ('record' in input && !saved.duplicates.has(at)) await input.record?.(tx);
      }
      for (const at of saved.duplicates) noteAt(entries[at], duplicates);
      for (const [at, why] of reduced[index]?.reduction.refused ?? []) {
        const place = entries[at]?.at;
        if (place) verdicts[place.piece]?.refused.set(place.part, why);
      }
    }
    return all;
  }

  #keep(written: readonly Written[], receivedAt: string): void {
    for (const { saved } of written) {
      this.#cache.apply(saved.run, saved);
      for (const row of saved.rounds.values()) {
        const parts = isRoundOver(row) && this.#cache.partsOf(row.run_id, row.round);
        if (parts) this.#options.onRoundOver(row, parts);
      }
    }
    this.#cache.shrink();
    this.#recentRuns.note(
      written.map(({ saved }) => saved.run),
      receivedAt,
    );
  }
}

function verdictsOf(group: readonly Piece[], fresh: readonly boolean[], locked: readonly RunRow[]): Verdict[] {
  const projects = new Map(locked.map(({ run_id, project_id }) => [run_id, project_id]));
  return group.map((piece, index) => {
    const isFresh = fresh[index] ?? true;
    const foreign = isFresh ? foreignParts(piece, projects) : new Set<number>();
    return { isFresh, foreign, duplicates: new Set(), refused: new Map() };
  });
}

const worksOf = (locked: readonly RunRow[], byRun: ReadonlyMap<RunId, readonly Entry[]>): Work[] =>
  locked.flatMap((before) => {
    const entries = (byRun.get(before.run_id) ?? []).filter(({ owner }) => isOwn(owner, before.project_id));
    return entries.length === 0 ? [] : [{ before, entries, inputs: entries.map(({ input }) => input) }];
  });

/** What the fresh pieces take of their keys' days. [B8] */
function addCosts(group: readonly Piece[], verdicts: readonly Verdict[], costs: Map<string, Costs>): void {
  for (const [index, { job, parts, isLast }] of group.entries()) {
    const { isFresh, foreign, duplicates } = verdicts[index] as Verdict;
    if (!isFresh) continue;
    if (isLast && job.batch?.bytes) addCost(costs, job.batch.key_id, { bytes: job.batch.bytes });
    for (const [part, { input }] of parts.entries()) {
      const cost = input.type === 'model_saved' ? input.cost : undefined;
      if (cost && !foreign.has(part) && !duplicates.has(part))
        addCost(costs, cost.key_id, { upload_bytes: cost.bytes });
    }
  }
}

function toCommitted({ before, saved: { run, events } }: { before: RunRow; saved: Saved }): Committed[] {
  if (run.seq === before.seq) return [];
  return [
    {
      run_id: run.run_id,
      project_id: run.project_id,
      epoch: run.epoch,
      from_seq: before.seq,
      seq: run.seq,
      events,
      is_new_run: mayBeNewest(before, run),
    },
  ];
}

/** A run that is new, runs again or began at another moment may be the newest from now on. [S9] */
const mayBeNewest = (before: RunRow, run: RunRow): boolean =>
  before.seq === 0 ||
  (run.status === 'running' && (before.status !== 'running' || before.started_at !== run.started_at));

import { type Command, isRoundOver, type RunId } from '@rondo/protocol';
import type { Committed, EventBus } from '../bus/event-bus.ts';
import type { Db } from '../db/db.ts';
import { createPartitions, isMissingPartition, type Month, monthOf } from '../db/partitions.ts';
import type { Costs } from '../db/queries/key-usage.ts';
import type { ReporterKey } from '../db/queries/reporters.ts';
import { lockRuns } from '../db/queries/run-state.ts';
import { allSent, together } from '../db/together.ts';
import { isTransient } from '../db/transient.ts';
import { Batches } from './batches.ts';
import { type Entry, groupByRun } from './entries.ts';
import type { Piece } from './job.ts';
import type { KeyUsage } from './key-usage.ts';
import { lockHeard, withNewRuns } from './lock-runs.ts';
import { RecentRuns } from './recent-runs.ts';
import { type Bounds, reduce } from './reduce.ts';
import { RunCache } from './run-cache.ts';
import { type Draft, draftOf, save, savedOf, saveTelemetry } from './save.ts';
import type { RoundRow, RunRow, RunState, UpdateRow } from './state.ts';
import { addCosts, noteVerdicts, settle, type Verdict, verdictsOf } from './verdicts.ts';
import { type Reduced, toCommitted, type Work, type Written, worksOf, writtenOf } from './works.ts';

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

/** What `commit` says of its progress. */
export interface Watch {
  /** The group before this one is stored or refused. */
  readonly before: Promise<void>;
  /** The statements are on their way, and this process has nothing to do for a while. */
  readonly onSent: () => void;
  /** Nothing is sent after this but the commit. */
  readonly onCommitting: () => void;
  /** All but the commit is executed. */
  readonly onWritten: () => void;
}

/** A round that has ended, or that changed after its end, with all of its parts. */
interface Over {
  readonly run_id: RunId;
  readonly round: number;
  readonly parts: UpdateRow[];
}

/** What a transaction finds out on its way. */
interface Notes {
  /** The runs of which the cache is ahead. */
  readonly changed: Set<RunId>;
  readonly over: Over[];
  newMonths: readonly Month[];
}

interface Sending {
  readonly ahead: Ahead | undefined;
  readonly receivedAt: string;
  readonly notes: Notes;
  readonly onSent: () => void;
}

interface Sent extends Reduced {
  readonly verdicts: readonly Verdict[];
  /** The answers that are under way: the open commands of each reporter, and what notes its costs. */
  readonly rest: Promise<readonly [unknown, ReadonlyMap<ReporterKey, Command[]>, (() => void) | undefined, unknown]>;
}

/** A group that was reduced while the one before it was being stored: right if every batch is new and no run has moved. */
export interface Ahead extends Reduced {
  readonly receivedAt: string;
  readonly byRun: Map<RunId, Entry[]>;
  readonly named: readonly RunRow[];
  readonly failures: number;
}

/**
 * Stores a group in one transaction. [I1]
 *
 *   begin · take batch numbers and lock runs · reduce · write, answer and count · commit
 *
 * Statements that need no answer of each other are sent at once, so that the database never waits for the next. While it
 * writes, the next group is reduced on the state that this one leaves, and written before the answers say whether that was
 * right. If it was not, that transaction is rolled back, and the group is reduced and written again.
 */
export class Committer {
  readonly #options: CommitterOptions;
  readonly #cache = new RunCache();
  readonly #recentRuns = new RecentRuns();
  /** The months whose partitions existed at the last look: another server may have dropped an old one. */
  readonly #months = new Set<Month>();
  /** The runs of each transaction under way, of which the cache is ahead. */
  readonly #underWay = new Set<Set<RunId>>();
  #failures = 0;

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  /** After a failure. True if the group should be tried again: a partition that was there is missing. */
  forget(group: readonly Piece[], error: unknown): boolean {
    this.#failures += 1;
    this.#cache.forget(group.flatMap(({ parts }) => parts.map(({ input }) => input.run_id)));
    for (const runIds of this.#underWay) this.#cache.forget(runIds);
    if (this.#months.size === 0 || !isMissingPartition(error)) return false;
    this.#months.clear();
    return true;
  }

  /**
   * Reduces a group on the state that the transaction under way leaves. Undefined if that needs the database, or if the
   * server itself speaks: its acts are judged by what is stored.
   */
  reduceAhead(group: readonly Piece[]): Ahead | undefined {
    const receivedAt = this.#options.now().toISOString();
    const byRun = groupByRun(
      group,
      group.map(() => true),
    );
    const named = [...byRun.keys()].flatMap((id) => this.#cache.rowOf(id) ?? []);
    if (named.length < byRun.size || group.some(({ job }) => !job.batch)) return undefined;
    if (named.some(({ created_at }) => !this.#months.has(monthOf(created_at)))) return undefined;
    const works = worksOf(named, byRun);
    const states = this.#cache.known(works);
    if (!states) return undefined;
    const draft = this.#reduce(works, states, receivedAt);
    return { works, draft, receivedAt, byRun, named, failures: this.#failures };
  }

  #isRight({ failures, named }: Ahead, fresh: readonly boolean[], locked: readonly RunRow[]): boolean {
    if (failures !== this.#failures || named.length !== locked.length || !fresh.every(Boolean)) return false;
    const byId = new Map(locked.map((row) => [row.run_id, row]));
    return named.every((row) => {
      const now = byId.get(row.run_id);
      return now?.epoch === row.epoch && now.seq === row.seq && now.project_id === row.project_id;
    });
  }

  /** A group that was reduced ahead may be stored while `before` is; others only after it. */
  async commit(group: readonly Piece[], watch: Watch, ahead?: Ahead): Promise<Done> {
    const attempt = async (guess: Ahead | undefined): Promise<Done> => {
      const changed = new Set<RunId>();
      this.#underWay.add(changed);
      try {
        return await this.#store(group, guess, changed, watch);
      } catch (error) {
        if (guess) this.forget(group, error);
        throw error;
      } finally {
        this.#underWay.delete(changed);
      }
    };
    // After a failure the guess is not worth a try.
    if (ahead?.failures === this.#failures) {
      try {
        return await attempt(ahead);
      } catch (error) {
        if (isTransient(error)) throw error;
      }
    }
    await watch.before;
    return attempt(undefined);
  }

  async #store(group: readonly Piece[], ahead: Ahead | undefined, changed: Set<RunId>, watch: Watch): Promise<Done> {
    const receivedAt = ahead?.receivedAt ?? this.#options.now().toISOString();
    const notes: Notes = { changed, over: [], newMonths: [] };
    const { works, draft, verdicts, rest } = await this.#options.db.transaction(async (tx) => {
      const sent = await this.#send(tx, group, { ahead, receivedAt, notes, onSent: watch.onSent });
      if (sent.works.some(({ inputs }) => inputs.some((input) => 'record' in input && input.record))) {
        await sent.rest;
        await record(tx, sent.works, writtenOf(sent));
      }
      await allSent();
      watch.onCommitting();
      sent.rest.then(watch.onWritten, () => {});
      // The commit need not wait for the other answers: if there is an error among them, it fails as well.
      return sent;
    });
    const [, waiting, noteCosts] = await rest;
    const written = writtenOf({ works, draft });
    for (const month of notes.newMonths) this.#months.add(month);
    this.#keep(written, notes.over, receivedAt);
    return {
      committed: written.flatMap(toCommitted),
      finish: () => {
        noteCosts?.();
        for (const [index, piece] of group.entries()) settle(piece, verdicts[index] as Verdict, waiting);
      },
    };
  }

  /** All statements of a transaction but its commit, on their way. */
  async #send(tx: Db, group: readonly Piece[], { ahead, receivedAt, notes, onSent }: Sending): Promise<Sent> {
    const { usage, bus } = this.#options;
    const batches = new Batches(
      tx,
      group.map(({ job, isLast }) => ({ batch: isLast ? job.batch : undefined, inputs: job.inputs })),
    );
    const named = new Set(group.flatMap(({ parts }) => parts.map(({ input }) => input.run_id)));
    const costs = new Map<string, Costs>();
    const taking = together(batches.take(receivedAt), lockRuns(tx, [...named]));
    // A guess is written before it is known to be right: the database need not wait.
    const guessed = ahead && this.#write(tx, ahead, receivedAt, notes);
    if (guessed) setImmediate(onSent);
    const check = async (): Promise<Sent> => {
      const [fresh, known] = await taking;
      if (ahead && !this.#isRight(ahead, fresh, known)) throw new WrongGuess();
      const byRun = ahead?.byRun ?? groupByRun(group, fresh);
      const due = this.#recentRuns.due(batches.knownRuns(), receivedAt).filter((id) => !byRun.has(id));
      if (ahead && due.length > 0) throw new WrongGuess();
      const heard = await lockHeard(tx, due, named, byRun);
      const locked = await withNewRuns(tx, [...known, ...heard], { byRun, receivedAt, usage, costs });
      const verdicts = verdictsOf(group, fresh, locked);
      notes.newMonths = await this.#addMonths(tx, locked);
      const { works, draft } = ahead ?? (await this.#loadAndReduce(tx, worksOf(locked, byRun), receivedAt));
      const writing = guessed ?? this.#write(tx, { works, draft }, receivedAt, notes);
      await writing.announced;
      if (!guessed) setImmediate(onSent);
      noteVerdicts(works, draft, verdicts);
      addCosts(group, verdicts, costs);
      const runs = writtenOf({ works, draft })
        .flatMap(toCommitted)
        .map(({ run_id, epoch, seq, is_new_run }) => ({ run_id, epoch, seq, is_new_run }));
      const { stored } = await writing.sent;
      // Last, so that another server with the same key waits for little more than the commit.
      const answer = batches.answer();
      const counted = usage?.add(tx, costs);
      const rest = together(stored, answer, counted, runs.length > 0 ? bus.announce(tx, { runs }) : undefined);
      rest.catch(() => {});
      return { works, draft, verdicts, rest };
    };
    const [sent] = await together(check(), guessed?.sent);
    return sent;
  }

  /** Sends the rows. `announced` is settled once the figures of every run are known. */
  #write(tx: Db, { draft }: Reduced, receivedAt: string, notes: Notes) {
    const announced = saveTelemetry(tx, draft);
    const sent = announced.then(() => {
      this.#goAhead(draft, notes);
      return save(tx, draft, receivedAt);
    });
    sent.catch(() => {});
    return { announced, sent };
  }

  async #addMonths(tx: Db, locked: readonly RunRow[]): Promise<Month[]> {
    const months = new Set(locked.map(({ created_at }) => monthOf(created_at)));
    const added = [...months].filter((month) => !this.#months.has(month));
    await createPartitions(tx, added);
    return added;
  }

  async #loadAndReduce(tx: Db, works: readonly Work[], receivedAt: string): Promise<Reduced> {
    const states = await this.#cache.load(tx, works);
    return { works, draft: this.#reduce(works, states, receivedAt) };
  }

  #reduce(works: readonly Work[], states: readonly RunState[], receivedAt: string): Draft {
    const reduced = works.map(({ inputs, entries }, index) => {
      const state = states[index] as RunState;
      const reduction = reduce(state, inputs, receivedAt, (at) => entries[at]?.origin, this.#options.bounds);
      return { state, reduction };
    });
    return draftOf(reduced, receivedAt);
  }

  /** The state after the transaction, for the group after it. */
  #goAhead(draft: Draft, { changed, over }: Notes): void {
    for (const saved of savedOf(draft)) {
      const { run_id } = saved.run;
      changed.add(run_id);
      this.#cache.apply(saved.run, saved);
      // Before the groups after this one change them.
      for (const row of saved.rounds.values()) {
        const parts = isRoundOver(row) && this.#cache.partsOf(run_id, row.round);
        if (parts) over.push({ run_id, round: row.round, parts });
      }
    }
  }

  #keep(written: readonly Written[], over: readonly Over[], receivedAt: string): void {
    const byRun = new Map(written.map(({ saved }) => [saved.run.run_id, saved]));
    for (const { run, rounds } of byRun.values()) this.#cache.nameRounds(run.run_id, rounds);
    for (const { run_id, round, parts } of over) {
      const row = byRun.get(run_id)?.rounds.get(round);
      if (row) this.#options.onRoundOver(row, parts);
    }
    this.#cache.shrink();
    this.#recentRuns.note(
      written.map(({ saved }) => saved.run),
      receivedAt,
    );
  }
}

/** What was reduced ahead is not what the database holds. */
class WrongGuess extends Error {}

/** The audit rows of administrative acts that changed something. */
async function record(tx: Db, works: readonly Work[], written: readonly Written[]): Promise<void> {
  for (const [index, { inputs }] of works.entries()) {
    for (const [at, input] of inputs.entries())
      if ('record' in input && !written[index]?.saved.duplicates.has(at)) await input.record?.(tx);
  }
}

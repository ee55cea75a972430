import {
  type Attention,
  type AttentionEpisode,
  type AttentionRule,
  clientRules,
  isRoundOver,
  limits,
  type RunId,
} from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { changedRounds, keepAttention, readAttentionList } from '../db/queries/insight.ts';
import { findRunRow } from '../db/queries/runs.ts';
import type { Input, UpdateRow } from '../ingest/state.ts';
import { AttentionFold } from './attention-fold.ts';
import { canonical, keptOf, readKept } from './attention-kept.ts';
import { budgetOf } from './budget.ts';
import { maxPast } from './episodes.ts';
import { closedKept, type Listed, listOfRun, type RunRow } from './list-of-run.ts';
import { ListOwners } from './list-owners.ts';
import { type ClientNumbers, deriveRound, prepareRounds, type RoundRow, readDerivedRounds } from './rounds.ts';
import { blockOf, keepBlock } from './totals.ts';
import type { Trouble } from './troubles.ts';

interface Watched {
  readonly epoch: string;
  fold: AttentionFold;
  readonly numbers: ClientNumbers;
  /** The newest rounds that are over. */
  closed: RoundRow[];
  /** The run's seq up to which its rounds were looked at. */
  seq: number;
  /** The list up to which seq, and when, was last kept for the next start. */
  kept: { readonly seq: number; readonly at: number };
}

interface Options {
  readonly db: Db;
  /** The one writer, so that the list raises the run's seq and viewers receive it. */
  readonly submit: (inputs: readonly Input[]) => Promise<unknown>;
  /** True while reports wait to be stored; then the list waits. */
  readonly isBusy?: () => boolean;
  readonly troubles?: () => readonly Trouble[];
  /** This server among others on the same database; undefined if there can be no others. */
  readonly server?: string | undefined;
  readonly onError?: (error: unknown) => void;
}

/** Between two looks at one run, and how long a busy server puts one off. */
const everyMs = 1_000;
const patienceMs = 5_000;
/** Runs whose state stays in memory: about 1.5 KB per client. */
const maxWatched = 16;
/** Parts that a rebuild reads: the newest rounds of a long run. */
const maxRebuiltParts = 4_000_000;
/** Parts of closed rounds that wait for their look; beyond it they are read back from the database. */
const maxHandedParts = 200_000;
/** Between two times that the list of a running run is kept. */
const keepEveryMs = 60_000;

/**
 * Keeps the attention list of every run that is reported to:
 *
 *   commit ─▶ due ──(1 s, and when ingest has nothing waiting)──▶ fold the rounds that closed ─▶ list ─▶ writer, if it changed
 */
export class AttentionService {
  readonly #options: Options;
  readonly #watched = new Map<RunId, Watched>();
  readonly #due = new Map<RunId, number>();
  readonly #handed = new Map<RunId, Map<number, { row: RoundRow; parts: readonly UpdateRow[] }>>();
  #handedParts = 0;
  #timer: NodeJS.Timeout | undefined;
  /** One look at a time: the database serves reports first. A reader waits for its own run only. */
  #looking: Promise<void> = Promise.resolve();
  readonly #working = new Map<RunId, Promise<void>>();
  readonly #owners: ListOwners;
  /** Runs whose list another server keeps, until it may have ended. */
  readonly #putOff = new Map<RunId, NodeJS.Timeout>();
  #isClosed = false;

  constructor(options: Options) {
    this.#options = options;
    this.#owners = new ListOwners(options.db, options.server);
  }

  /** A commit changed the run. */
  note(runId: RunId): void {
    if (this.#isClosed || this.#due.has(runId)) return;
    this.#due.set(runId, Date.now());
    this.#schedule();
  }

  /** Another server committed to the run, whose list this one may keep. */
  noteElsewhere(runId: RunId): void {
    if (this.#watched.has(runId)) this.note(runId);
  }

  /** Anything may have been committed elsewhere. */
  noteMissed(): void {
    for (const runId of this.#watched.keys()) this.note(runId);
  }

  /** A round is over, with its parts as they were committed: this spares reading them back. */
  handRound(row: RoundRow, parts: readonly UpdateRow[]): void {
    if (this.#isClosed || this.#handedParts + parts.length > maxHandedParts) return;
    const ofRun = this.#handed.get(row.run_id) ?? new Map();
    this.#handed.set(row.run_id, ofRun);
    this.#handedParts += parts.length - (ofRun.get(row.round)?.parts.length ?? 0);
    ofRun.set(row.round, { row, parts });
  }

  /** A trouble of the server began or ended: the runs in memory are looked at, the others with their next commit. */
  noteTroubles(): void {
    this.noteMissed();
  }

  forget(runId: RunId): void {
    this.#watched.delete(runId);
    this.#due.delete(runId);
    this.#owners.forget(runId);
    this.#endPutOff(runId);
    this.#dropHanded(runId);
  }

  /** Takes no more looks, and resolves when the last one is over. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const runId of this.#putOff.keys()) this.#endPutOff(runId);
    await this.#looking;
    await Promise.all(this.#working.values());
    for (const [runId, watched] of this.#watched) {
      if (watched.kept.seq < watched.seq) await this.#keepNow(runId, watched).catch(this.#options.onError);
    }
    await this.#owners.release().catch((error: unknown) => this.#options.onError?.(error));
  }

  /** Looks at everything that is due, now. */
  async settle(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const runs = [...this.#due.keys()];
    this.#due.clear();
    for (const runId of runs) await this.#inTurn(runId, () => this.#look(runId));
  }

  async read(runId: RunId): Promise<Attention> {
    const facts = (await this.#readKept(runId)) ?? (await this.#inTurn(runId, () => this.#readNow(runId)));
    if (!facts) throw new Error(`the run ${runId} was deleted while it was read`);
    const { num_clients, mutes, ...list } = facts;
    return {
      run_id: runId,
      ...list,
      mutes: mutes.map(({ run_id, client_id, rule, ...mute }) => ({
        client_id: (client_id || null) as Attention['mutes'][number]['client_id'],
        rule: rule || null,
        ...mute,
      })),
      budget: budgetOf(num_clients),
    };
  }

  async #readNow(runId: RunId) {
    const { run, watched } = (await this.#follow(runId)) ?? {};
    if (!run || !watched) return undefined;
    const listed = await this.#listOf(run, watched);
    const { fromRound, toRound, numClients } = watched.fold;
    const facts = { ...listed, from_round: fromRound, to_round: toRound, num_clients: numClients };
    if ((await this.#owners.claim(runId)) > 0) {
      // Pages of every server show the same list: that of the server that keeps it.
      const kept = await readAttentionList(this.#options.db, runId);
      return kept ? { ...facts, items: kept.list.items, total: kept.list.total } : facts;
    }
    await this.#keep(run, watched, listed);
    return facts;
  }

  async #readKept(runId: RunId) {
    if (this.#watched.has(runId)) return undefined;
    const found = await readKept(this.#options.db, runId, this.#troubles);
    if (found?.isOld) this.note(runId);
    return found?.list;
  }

  /** The episodes of one rule over the stored rounds. */
  async replay(runId: RunId, rule: AttentionRule) {
    return this.#inTurn(runId, async () => {
      const { fold, numbers } = await this.#build(runId, '');
      const open = [...fold.episodes.open()].map((each) => ({
        rule: each.rule,
        client: each.client,
        from_round: each.since_round,
        to_round: null,
      }));
      const all = [...fold.episodes.past, ...open]
        .filter((each) => each.rule === rule)
        .sort((a, b) => a.from_round - b.from_round);
      const num_rounds = fold.numRounds;
      const times = all.length;
      const sentence = (clientRules as readonly string[]).includes(rule)
        ? `it would have fired ${times === 1 ? 'once' : `${times} times`} in ${num_rounds} rounds`
        : 'this rule looks at the run as it is now, so it cannot be replayed';
      return {
        run_id: runId,
        rule,
        times,
        num_rounds,
        sentence,
        episodes: all.slice(0, limits.attentionItems).map(({ client, from_round, to_round }) => ({
          client_id: numbers.ids[client] ?? null,
          from_round,
          to_round,
        })),
      };
    });
  }

  /** All findings about clients over the stored rounds, as each read when it began. [G19] */
  async episodes(runId: RunId): Promise<{ readonly items: AttentionEpisode[]; readonly isTruncated: boolean }> {
    const found = await this.#inTurn(runId, async () => {
      const { watched } = (await this.#follow(runId)) ?? {};
      if (!watched) return { past: [], open: [], ids: [] };
      const { fold, numbers } = watched;
      return { past: fold.episodes.past, open: [...fold.episodes.open()], ids: numbers.ids };
    });
    const open = found.open.map((each) => ({ ...each, from_round: each.since_round, closed_round: null }));
    const items = [...found.past, ...open].map(({ rule, client, from_round, steps, closed_round }) => ({
      rule,
      client_id: found.ids[client] ?? null,
      since_round: from_round,
      steps: [...steps],
      to_round: closed_round,
    }));
    return { items, isTruncated: found.past.length >= maxPast };
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#turn();
    }, everyMs);
  }

  #turn(): void {
    const isBusy = this.#options.isBusy?.() ?? false;
    for (const [runId, since] of this.#due) {
      if (isBusy && Date.now() - since < patienceMs) continue;
      this.#due.delete(runId);
      this.#looking = this.#looking
        .then(() => this.#inTurn(runId, () => this.#look(runId)))
        .catch((error: unknown) => this.#options.onError?.(error));
    }
    if (this.#due.size > 0) this.#schedule();
  }

  /** After what is under way for the same run. */
  #inTurn<T>(runId: RunId, work: () => Promise<T>): Promise<T> {
    const next = (this.#working.get(runId) ?? Promise.resolve()).then(work);
    const settled = next.then(
      () => {},
      () => {},
    );
    this.#working.set(runId, settled);
    void settled.then(() => {
      if (this.#working.get(runId) === settled) this.#working.delete(runId);
    });
    return next;
  }

  async #look(runId: RunId): Promise<void> {
    if (this.#isClosed) return;
    const waitMs = await this.#owners.claim(runId);
    if (waitMs > 0) return this.#lookLater(runId, waitMs);
    this.#endPutOff(runId);
    const { run, watched } = (await this.#follow(runId)) ?? {};
    if (!run || !watched) return;
    const listed = await this.#listOf(run, watched);
    const { items, total } = listed;
    const list = { run_id: runId, items, total };
    const known = await readAttentionList(this.#options.db, runId);
    // The commit of a list that changed brings another look.
    if (known ? sameList(known.list, list) : total === 0) await this.#keep(run, watched, listed);
    else if ((await this.#owners.claim(runId)) === 0)
      await this.#options.submit([{ type: 'attention_changed', run_id: runId, list }]);
    else this.note(runId);
  }

  /** Another server keeps the list: it is looked at again when that server must have said so again. */
  #lookLater(runId: RunId, waitMs: number): void {
    // What was handed is read from the database, if ever.
    this.#dropHanded(runId);
    if (this.#putOff.has(runId) || this.#isClosed) return;
    const timer = setTimeout(() => {
      this.#putOff.delete(runId);
      this.note(runId);
    }, waitMs);
    this.#putOff.set(runId, timer);
  }

  #endPutOff(runId: RunId): void {
    clearTimeout(this.#putOff.get(runId));
    this.#putOff.delete(runId);
  }

  /** Keeps the list for the next start: of a running run now and then, of another one at once. */
  async #keep(run: RunRow, watched: Watched, listed: Listed): Promise<void> {
    const { seq, at } = watched.kept;
    if (watched.seq <= seq || (run.status === 'running' && Date.now() - at < keepEveryMs)) return;
    watched.kept = { seq: watched.seq, at: Date.now() };
    await keepAttention(this.#options.db, keptOf(run, watched, listed));
  }

  async #keepNow(runId: RunId, watched: Watched): Promise<void> {
    const run = await findRunRow(this.#options.db, runId);
    if (run?.epoch !== watched.epoch) return;
    await this.#keep({ ...run, status: 'stopped' }, watched, await this.#listOf(run, watched));
  }

  get #troubles(): readonly Trouble[] {
    return this.#options.troubles?.() ?? [];
  }

  /** The run and its state up to now. */
  async #follow(runId: RunId): Promise<{ run: RunRow; watched: Watched } | undefined> {
    const { db } = this.#options;
    const run = await findRunRow(db, runId);
    if (!run) return undefined;
    const known = this.#watched.get(runId);
    const watched = known?.epoch === run.epoch ? known : await this.#build(runId, run.epoch);
    this.#watched.delete(runId);
    this.#watched.set(runId, watched);
    for (const oldest of this.#watched.keys()) {
      if (this.#watched.size <= maxWatched) break;
      this.#watched.delete(oldest);
    }
    if (watched.seq >= run.seq) return { run, watched };
    const handed = this.#handed.get(runId);
    for (const row of await changedRounds(db, runId, watched.seq)) {
      if (!isRoundOver(row)) continue;
      const before = watched.fold.toRound ?? -1;
      const isNew = row.round > before;
      watched.closed = [...watched.closed.filter(({ round }) => round !== row.round), row]
        .sort((a, b) => a.round - b.round)
        .slice(-closedKept);
      // Late data about a folded round counts from the next start of the server.
      if (!isNew) continue;
      const given = handed?.get(row.round);
      const parts = given?.row.updated_seq === row.updated_seq ? given.parts : undefined;
      const { columns } = await deriveRound(db, row, watched.numbers, parts);
      watched.fold.closeRound({ round: row.round, completed_at: row.completed_at, columns });
      if (before >= 0 && blockOf(row.round) > blockOf(before)) await keepBlock(db, runId, blockOf(before));
    }
    watched.seq = run.seq;
    // What was handed since then is for the next look.
    this.#dropHanded(runId, run.seq);
    return { run, watched };
  }

  async #build(runId: RunId, epoch: string): Promise<Watched> {
    const { db } = this.#options;
    const run = await findRunRow(db, runId);
    const limit = Math.min(limits.insightRounds, Math.ceil(maxRebuiltParts / Math.max(1, run?.num_clients ?? 1)));
    const prepared = await prepareRounds(db, runId, {}, Math.max(closedKept, limit));
    const fold = new AttentionFold();
    for await (const { row, columns } of readDerivedRounds(db, runId, prepared)) {
      if (!isRoundOver(row)) continue;
      fold.closeRound({ round: row.round, completed_at: row.completed_at, columns });
      // A round takes milliseconds; requests and sockets go on between two.
      await new Promise((resolve) => setImmediate(resolve));
    }
    const closed = prepared.rows.filter(isRoundOver).slice(-closedKept);
    const seq = Math.max(0, ...prepared.rows.map(seqOf));
    return { epoch, fold, numbers: prepared.numbers, closed, seq, kept: { seq: -1, at: 0 } };
  }

  #listOf = (run: RunRow, { fold, numbers, closed }: Watched): Promise<Listed> =>
    listOfRun(this.#options.db, run, { fold, ids: numbers.ids, closed }, this.#troubles);

  /** All of the run's, or those of rounds up to this seq of the run. */
  #dropHanded(runId: RunId, upTo = Number.POSITIVE_INFINITY): void {
    const ofRun = this.#handed.get(runId);
    for (const [round, { row, parts }] of ofRun ?? []) {
      if (row.updated_seq > upTo) continue;
      this.#handedParts -= parts.length;
      ofRun?.delete(round);
    }
    if (ofRun?.size === 0) this.#handed.delete(runId);
  }
}

const seqOf = ({ updated_seq }: RoundRow): number => updated_seq;

const sameList = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b);

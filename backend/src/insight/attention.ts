import { type Attention, type AttentionRule, clientRules, isRoundOver, limits, type RunId } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { changedRounds, latestOf, readAttentionList, readMutes } from '../db/queries/insight.ts';
import { findRunRow } from '../db/queries/runs.ts';
import type { Input, UpdateRow } from '../ingest/state.ts';
import { AttentionFold } from './attention-fold.ts';
import { applyMutes, itemsOfEpisodes, itemsOfRun, type Trouble } from './attention-list.ts';
import { type ClientNumbers, deriveRound, prepareRounds, type RoundRow, readDerivedRounds } from './rounds.ts';

interface Watched {
  readonly epoch: string;
  fold: AttentionFold;
  readonly numbers: ClientNumbers;
  /** The newest rounds that are over. */
  closed: RoundRow[];
  /** The run's seq up to which its rounds were looked at. */
  seq: number;
}

interface Options {
  readonly db: Db;
  /** The one writer, so that the list raises the run's seq and viewers receive it. */
  readonly submit: (inputs: readonly Input[]) => Promise<unknown>;
  /** True while reports wait to be stored; then the list waits. */
  readonly isBusy?: () => boolean;
  readonly troubles?: () => readonly Trouble[];
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
const closedKept = 50;

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
  #working: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: Options) {
    this.#options = options;
  }

  /** A commit changed the run. */
  note(runId: RunId): void {
    if (this.#isClosed || this.#due.has(runId)) return;
    this.#due.set(runId, Date.now());
    this.#schedule();
  }

  /** A round is over, with its parts as they were committed: this spares reading them back. */
  handRound(row: RoundRow, parts: readonly UpdateRow[]): void {
    if (this.#isClosed || this.#handedParts + parts.length > maxHandedParts) return;
    const ofRun = this.#handed.get(row.run_id) ?? new Map();
    this.#handed.set(row.run_id, ofRun);
    this.#handedParts += parts.length - (ofRun.get(row.round)?.parts.length ?? 0);
    ofRun.set(row.round, { row, parts });
  }

  forget(runId: RunId): void {
    this.#watched.delete(runId);
    this.#due.delete(runId);
    this.#dropHanded(runId);
  }

  /** Takes no more looks, and resolves when the last one is over. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#working;
  }

  /** Looks at everything that is due, now. */
  async settle(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const runs = [...this.#due.keys()];
    this.#due.clear();
    for (const runId of runs) await this.#inTurn(() => this.#look(runId));
  }

  async read(runId: RunId): Promise<Attention> {
    const facts = await this.#inTurn(async () => {
      const watched = await this.#follow(runId);
      return watched && { ...(await this.#listOf(runId, watched)), fold: watched.fold };
    });
    if (!facts) throw new Error(`the run ${runId} was deleted while it was read`);
    const { fold, mutes, ...list } = facts;
    return {
      run_id: runId,
      ...list,
      mutes: mutes.map(({ run_id, client_id, rule, ...mute }) => ({
        client_id: (client_id || null) as Attention['mutes'][number]['client_id'],
        rule: rule || null,
        ...mute,
      })),
      from_round: fold.fromRound,
      to_round: fold.toRound,
      budget: budgetOf(fold.numClients),
    };
  }

  /** The episodes of one rule over the stored rounds. */
  async replay(runId: RunId, rule: AttentionRule) {
    return this.#inTurn(async () => {
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
      void this.#inTurn(() => this.#look(runId)).catch((error) => this.#options.onError?.(error));
    }
    if (this.#due.size > 0) this.#schedule();
  }

  /** One look at a time: the database serves reports first. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#working.then(work);
    this.#working = next.then(
      () => {},
      () => {},
    );
    return next;
  }

  async #look(runId: RunId): Promise<void> {
    if (this.#isClosed) return;
    const watched = await this.#follow(runId);
    if (!watched) return;
    const { items, total } = await this.#listOf(runId, watched);
    const list = { run_id: runId, items, total };
    const known = await readAttentionList(this.#options.db, runId);
    if (known ? sameList(known.list, list) : total === 0) return;
    await this.#options.submit([{ type: 'attention_changed', run_id: runId, list }]);
  }

  /** The run's state up to now. */
  async #follow(runId: RunId): Promise<Watched | undefined> {
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
    if (watched.seq >= run.seq) return watched;
    const handed = this.#handed.get(runId);
    for (const row of await changedRounds(db, runId, watched.seq)) {
      if (!isRoundOver(row)) continue;
      const isNew = row.round > (watched.fold.toRound ?? -1);
      watched.closed = [...watched.closed.filter(({ round }) => round !== row.round), row]
        .sort((a, b) => a.round - b.round)
        .slice(-closedKept);
      // Late data about a folded round counts from the next start of the server.
      if (!isNew) continue;
      const given = handed?.get(row.round);
      const parts = given?.row.updated_seq === row.updated_seq ? given.parts : undefined;
      const { columns } = await deriveRound(db, row, watched.numbers, parts);
      watched.fold.closeRound({ round: row.round, completed_at: row.completed_at, columns });
    }
    watched.seq = run.seq;
    this.#dropHanded(runId);
    return watched;
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
    return { epoch, fold, numbers: prepared.numbers, closed, seq: Math.max(0, ...prepared.rows.map(seqOf)) };
  }

  async #listOf(runId: RunId, { fold, numbers, closed }: Watched) {
    const { db, troubles } = this.#options;
    const run = await findRunRow(db, runId);
    const [epsilon] = await latestOf(db, runId, ['privacy_epsilon']);
    const mutes = await readMutes(db, runId);
    const items = [
      ...itemsOfRun({
        config: run?.config ?? {},
        isRunning: run?.status === 'running',
        condition: run?.condition ?? null,
        closed,
        epsilon: epsilon ?? null,
        troubles: troubles?.() ?? [],
      }),
      ...itemsOfEpisodes(fold.episodes.open(), numbers.ids),
    ];
    return { ...applyMutes(items, mutes), mutes };
  }

  #dropHanded(runId: RunId): void {
    for (const { parts } of this.#handed.get(runId)?.values() ?? []) this.#handedParts -= parts.length;
    this.#handed.delete(runId);
  }
}

const seqOf = ({ updated_seq }: RoundRow): number => updated_seq;

/** PostgreSQL keeps the keys of its JSON in an order of its own. */
const sameList = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b);

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, inner) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

/** Measured by `watch.simulation.test.ts`: rounds with a mark or drift in any of the three measures. */
const budgetOf = (numClients: number): Attention['budget'] => ({
  false_marks_per_100_rounds: numClients < 10 ? 6 : 2,
  num_clients: numClients,
  statement: `In simulations of honest clients that differ for good, the statistics of three measures together marked one in at most ${numClients < 10 ? 'six' : 'two'} rounds of a hundred; noise that is skewed or that differs by client made that ${numClients < 10 ? 'ten' : 'six'}, and heavy tails ${numClients < 10 ? 'thirty' : 'twenty'}. Of threefold norms, 97 % were found in their first round; where tails are heavy or fifty clients and more differ in their noise, at most six in ten. Facts have no such margin. A client that copies the norms and the directions of the others is not seen: this list is no defence against an adaptive attacker.`,
});

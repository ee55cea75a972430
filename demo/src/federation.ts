import type { ReportedFact } from '@rondo/reporter';
import type { Clock } from './clock.ts';
import { type LocalOptions, trainLocally } from './federated.ts';
import { OpenRound } from './open-round.ts';
import { deadlineMs, type Moment, planPart, planRound } from './pace.ts';
import { beatEveryMs, Population } from './population.ts';
import { createRandom, sample } from './random.ts';
import { type Evaluation, evaluate, type Parameters, zeroParameters } from './softmax-regression.ts';
import { type ClientData, type Dataset, pool } from './synthetic.ts';

export interface FederationOptions {
  readonly world: readonly ClientData[];
  readonly rounds: number;
  readonly clientsPerRound: number;
  readonly local: LocalOptions;
  readonly seed: number;
  /** 2 is twice as fast. */
  readonly pace: number;
  readonly clock: Clock;
  readonly report: (fact: ReportedFact) => void;
  readonly onRound: (summary: RoundSummary) => void;
  /** Keeps the global model of a round that completes, and says under which name; returns at once. */
  readonly saveModel?: (round: number, parameters: Parameters) => string | null;
}

export interface RoundSummary extends Evaluation {
  readonly round: number;
  readonly selected: number;
  readonly complete: number;
  readonly durationMs: number;
  readonly stopReason: string | null;
}

// Aggregating 30 models of 610 numbers takes well under a millisecond; these make the phases of a round visible.
const aggregatingMs = 200;
const pauseMs = 250;

/**
 * The loop of a federated server over simulated clients: what is trained is real, when they answer is planned by `pace.ts`.
 *
 *   select ─▶ collecting ──all answered, or the deadline──▶ aggregating ─▶ complete (or failed, when nothing came)
 *                 └───────stop─────────────────────────────────────────▶ stopped, with what had come
 */
export class Federation {
  readonly #options: FederationOptions;
  readonly #population: Population;
  readonly #test: Dataset;
  #global: Parameters = zeroParameters();
  #open: OpenRound | null = null;
  #nextBeatMs: number;
  readonly #runStop = new AbortController();

  constructor(options: FederationOptions) {
    this.#options = options;
    this.#population = new Population(options.world, options.seed, options.report);
    this.#test = pool(options.world.map(({ test }) => test));
    this.#nextBeatMs = options.clock.now() + beatEveryMs;
  }

  async run(): Promise<void> {
    const { rounds, report } = this.#options;
    this.#population.joinAll();
    for (let round = 1; round <= rounds && !this.#runStop.signal.aborted; round++) {
      await this.#runRound(round);
      await this.#waitUntil(this.#after(pauseMs), this.#runStop.signal);
    }
    const { aborted, reason } = this.#runStop.signal;
    if (aborted) report({ type: 'run_complete', status: 'stopped', reason: String(reason) });
    else report({ type: 'run_complete', status: 'complete' });
  }

  /** Closes a round with what it has; returns why not, if it cannot. */
  stopRound(round: number | null | undefined, reason: string): string | null {
    if (!this.#open || (round ?? this.#open.round) !== this.#open.round) return `round ${round ?? ''} is not open`;
    this.#open.stop(reason);
    return null;
  }

  stopRun(reason: string): void {
    this.#runStop.abort(reason);
    this.#open?.stop(reason);
  }

  async #runRound(round: number): Promise<void> {
    const { clock, report, seed, clientsPerRound, pace, onRound } = this.#options;
    this.#population.comeAndGo(round);
    const client_ids = sample(createRandom(seed, `select ${round}`), this.#population.online, clientsPerRound);
    const open = new OpenRound(round, client_ids, this.#global, clock.now());
    this.#open = open;
    const deadline = new Date(open.startedMs + deadlineMs / pace).toISOString();
    report({ type: 'round_started', round, client_ids, deadline });
    await this.#collect(open, client_ids);
    this.#open = null;
    for (const fact of open.giveUp(clock.now())) report(fact);
    if (open.stopReason === null) {
      report({ type: 'round_update', round, status: 'aggregating' });
      await this.#waitUntil(this.#after(aggregatingMs), this.#runStop.signal);
    }
    const result = open.aggregate();
    if (result) this.#global = result.parameters;
    const evaluation = evaluate(this.#global, this.#test);
    report(this.#endOf(open, evaluation, result?.trainLoss));
    onRound({
      ...evaluation,
      round,
      selected: client_ids.length,
      complete: result?.updates ?? 0,
      durationMs: clock.now() - open.startedMs,
      stopReason: open.stopReason,
    });
  }

  async #collect(open: OpenRound, client_ids: readonly string[]): Promise<void> {
    const { seed, pace } = this.#options;
    const parts = new Map(
      client_ids.map((id) => [id, planPart(seed, id, open.round, this.#population.member(id).traits)]),
    );
    for (const moment of planRound(parts)) {
      await this.#waitUntil(open.startedMs + moment.atMs / pace, open.stopSignal);
      if (open.stopReason !== null) return;
      this.#play(open, moment);
    }
    if (!open.isAnswered) await this.#waitUntil(open.startedMs + deadlineMs / pace, open.stopSignal);
  }

  #play(open: OpenRound, moment: Moment): void {
    const { report, local, seed, clock } = this.#options;
    const { client_id } = moment;
    const { round } = open;
    switch (moment.kind) {
      case 'training':
        report({ type: 'client_status', client_id, status: 'training', round, progress: moment.progress });
        break;
      case 'uploading':
        report({ type: 'client_status', client_id, status: 'uploading', round, progress: 1 });
        break;
      case 'result': {
        const { data } = this.#population.member(client_id);
        const random = createRandom(seed, `train ${client_id} ${round}`);
        report(open.accept(data, trainLocally(this.#global, data.train, local, random), clock.now()));
        break;
      }
      case 'failed':
        report(open.fail(client_id, moment.reason));
        break;
      case 'silent':
        this.#population.fallSilent(client_id);
        break;
      default:
        moment satisfies never;
    }
  }

  #endOf(open: OpenRound, evaluation: Evaluation, trainLoss: number | undefined): ReportedFact {
    const { round, stopReason } = open;
    if (stopReason !== null) return { type: 'round_stopped', round, reason: stopReason };
    if (trainLoss === undefined) return { type: 'round_failed', round, reason: 'no client returned an update' };
    const model_version = this.#options.saveModel?.(round, this.#global);
    return {
      type: 'round_complete',
      round,
      ...(model_version && { model_version }),
      global_loss: evaluation.loss,
      global_accuracy: evaluation.accuracy,
      metrics: { train_loss: trainLoss, ...this.#spread() },
    };
  }

  /** The global model's accuracy on each client's own held-out rows, every client counting alike. */
  #spread(): Record<string, number> {
    const accuracies = this.#options.world.map(({ test }) => evaluate(this.#global, test).accuracy);
    accuracies.sort((a, b) => a - b);
    return {
      client_accuracy_mean: accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / accuracies.length,
      client_accuracy_median: accuracies[accuracies.length >> 1] as number,
    };
  }

  #after(ms: number): number {
    return this.#options.clock.now() + ms / this.#options.pace;
  }

  /** Waits, with everyone's heartbeats going on, until the time or the signal. */
  async #waitUntil(untilMs: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    do {
      await clock.wait(Math.min(untilMs, this.#nextBeatMs) - clock.now(), signal);
      if (clock.now() < this.#nextBeatMs) continue;
      this.#population.beat();
      this.#nextBeatMs += beatEveryMs;
    } while (clock.now() < untilMs && !signal.aborted);
  }
}

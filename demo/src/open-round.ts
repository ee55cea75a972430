import type { ReportedFact } from '@rondo/reporter';
import { aggregate, cosine, type LocalUpdate, norm, subtract, type WeightedParameters } from './federated.ts';
import { evaluate, type Parameters } from './softmax-regression.ts';
import type { ClientData } from './synthetic.ts';

/** A round while clients are at work: what is still awaited, what has come, and whether to go on waiting. */
export class OpenRound {
  readonly round: number;
  readonly startedMs: number;
  readonly #global: Parameters;
  readonly #pending: Set<string>;
  readonly #updates: WeightedParameters[] = [];
  #lossSum = 0;
  readonly #stop = new AbortController();

  constructor(round: number, client_ids: readonly string[], global: Parameters, startedMs: number) {
    this.round = round;
    this.startedMs = startedMs;
    this.#global = global;
    this.#pending = new Set(client_ids);
  }

  get pending(): readonly string[] {
    return [...this.#pending];
  }

  get isAnswered(): boolean {
    return this.#pending.size === 0;
  }

  get stopSignal(): AbortSignal {
    return this.#stop.signal;
  }

  get stopReason(): string | null {
    return this.#stop.signal.aborted ? String(this.#stop.signal.reason) : null;
  }

  stop(reason: string): void {
    this.#stop.abort(reason);
  }

  /** Takes a client's update; returns what the server knows of it. */
  accept({ client_id, train, test }: ClientData, update: LocalUpdate, nowMs: number): ReportedFact {
    const { parameters, trainLoss } = update;
    const step = subtract(parameters, this.#global);
    // A result is reported when it arrives, so the mean is of those before it; the first has nothing to compare with.
    const mean = this.#updates.length > 0 ? subtract(aggregate(this.#updates), this.#global) : null;
    this.#pending.delete(client_id);
    this.#updates.push({ parameters, sampleCount: train.size });
    this.#lossSum += trainLoss * train.size;
    return {
      type: 'client_result',
      client_id,
      round: this.round,
      sample_count: train.size,
      train_loss: trainLoss,
      metrics: { accuracy: evaluate(parameters, test).accuracy },
      duration_ms: nowMs - this.startedMs,
      bytes_up: parameters.byteLength,
      bytes_down: this.#global.byteLength,
      update_norm: norm(step),
      cosine_to_mean: mean && cosine(step, mean),
    };
  }

  fail(client_id: string, reason: string): ReportedFact {
    this.#pending.delete(client_id);
    return { type: 'client_failed', client_id, round: this.round, reason };
  }

  /** The round no longer waits for any client. */
  giveUp(nowMs: number): ReportedFact[] {
    const silent = this.pending;
    this.#pending.clear();
    const waited_ms = nowMs - this.startedMs;
    return silent.map((client_id) => ({ type: 'client_no_reply', client_id, round: this.round, waited_ms }));
  }

  /** The new global model and the mean training loss that led to it, or `null` when no update came. */
  aggregate(): { readonly parameters: Parameters; readonly trainLoss: number; readonly updates: number } | null {
    if (this.#updates.length === 0) return null;
    const samples = this.#updates.reduce((sum, { sampleCount }) => sum + sampleCount, 0);
    return {
      parameters: aggregate(this.#updates),
      trainLoss: this.#lossSum / samples,
      updates: this.#updates.length,
    };
  }
}

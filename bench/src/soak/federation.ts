import { createReporter, type Reporter } from '@rondo/reporter';
import { tick } from '../generators/viewer.ts';

const roundMs = 10_000;
const everyMs = 100;
const steps = roundMs / everyMs;
/** Of a round: the clients report how far they are, then their result; the rest is aggregation. */
const reportsOfClient = 3;
const trainingSteps = 80;

/** An FL server at work: rounds of ten seconds whose clients train, report and now and then fail. */
export class Federation {
  readonly reporter: Reporter;
  ticks = 0;
  readonly #clients: readonly string[];
  readonly #timer: NodeJS.Timeout;
  readonly #startedAt = performance.now();
  #step = 0;
  #round = 0;

  constructor(options: { url: string; apiKey: string; name: string; clients: number; offset: number }) {
    const { url, apiKey, name, clients, offset } = options;
    this.reporter = createReporter({ url, apiKey, name, framework: 'soak' });
    this.#clients = Array.from({ length: clients }, (_, n) => `${name}-client-${n}`);
    // The rounds of the runs do not begin together.
    this.#step = Math.round(steps * offset);
    this.#startedAt -= everyMs * this.#step;
    this.#timer = setInterval(() => this.#catchUp(), everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** By the clock, so that a timer that comes late does not make it less. */
  #catchUp(): void {
    while (this.#startedAt + everyMs * this.#step <= performance.now()) this.#take(this.#step++);
  }

  #take(step: number): void {
    const { reporter } = this;
    const place = step % steps;
    if (place % 10 === 0) reporter.metric(tick, Date.now(), { step: this.ticks++ });
    if (place === 0) {
      this.#round++;
      reporter.roundStarted({ round: this.#round, client_ids: [...this.#clients] });
    }
    if (this.#round === 0) return; // The rest of the round before its first.
    const round = this.#round;
    const at = (n: number) => Math.floor((n * trainingSteps) / (this.#clients.length * reportsOfClient));
    for (let n = 0; n < this.#clients.length * reportsOfClient; n++) {
      if (at(n) === place) this.#reportOf(n, round);
    }
    if (place === trainingSteps + 10)
      reporter.roundComplete({ round, global_loss: 1 / round, global_accuracy: 1 - 1 / (1 + round) });
    if (place === steps - 1) reporter.log('info', `round ${round} is over`);
  }

  #reportOf(n: number, round: number): void {
    const client_id = this.#clients[n % this.#clients.length] as string;
    const part = Math.floor(n / this.#clients.length);
    if (part < reportsOfClient - 1) {
      this.reporter.clientStatus({ client_id, round, status: 'training', progress: (part + 1) / reportsOfClient });
      return;
    }
    if (n % 97 === 0) this.reporter.clientFailed({ client_id, round, reason: 'the battery is empty' });
    else
      this.reporter.clientResult({
        client_id,
        round,
        sample_count: 100 + (n % 50),
        train_loss: (1 + (n % 10) / 10) / round,
        metrics: { accuracy: 1 - 1 / (1 + round) },
        duration_ms: 5_000 + n,
        update_norm: 1 + (n % 7) / 100,
        bytes_up: 480_000,
      });
  }
}

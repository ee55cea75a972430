import type { Reporter } from '@rondo/reporter';

export const clients = Array.from({ length: 200 }, (_, n) => `client-${String(n).padStart(3, '0')}`);
const everyMs = 10;

/** The background traffic of a federation: clients that report progress in rotation, and metrics. */
export class BaseLoad {
  round = 1;
  count = 0;
  readonly #timer: NodeJS.Timeout;
  readonly #ids: readonly string[];

  constructor(reporter: Reporter, perSecond: number, ids: readonly string[] = clients) {
    this.#ids = ids;
    const startedAt = performance.now();
    this.#timer = setInterval(() => {
      // By the clock, so that a timer that comes late does not make it less.
      const due = (perSecond * (performance.now() - startedAt)) / 1_000;
      while (this.count < due) this.#say(reporter);
    }, everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #say(reporter: Reporter): void {
    const n = this.count++;
    const client_id = this.#ids[n % this.#ids.length] as string;
    const { round } = this;
    if (n % 2 === 0) {
      reporter.clientStatus({ client_id, round, status: 'training', progress: (n % 1_000) / 1_000 });
    } else {
      reporter.metric('local_loss', 1 / (n + 1), { step: n, client_id });
    }
  }
}

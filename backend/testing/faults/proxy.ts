import { type Deed, openFaultyProxy, type Way } from '../faulty-proxy.ts';
import { seeded } from '../random.ts';
import { atSite } from './at-site.ts';
import type { FaultOptions, FaultReport } from './report.ts';
import { until } from './site.ts';
import { faultsUnderLoad } from './under-load.ts';

const kinds = ['cut', 'halve', 'delay'] as const;
const longestDelayMs = 800;
const mostChunks = 6;

/** A line that does something to the next chunks when it is asked to, and then behaves again. */
class BadLine {
  readonly #random: () => number;
  #kind: (typeof kinds)[number] = 'cut';
  #way: Way = 'up';
  #chunks = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  judge = (way: Way): Deed => {
    if (this.#chunks === 0 || way !== this.#way) return { kind: 'pass' };
    this.#chunks -= 1;
    return this.#kind === 'delay' ? { kind: 'delay', ms: this.#random() * longestDelayMs } : { kind: this.#kind };
  };

  /** Resolves when it has happened. */
  async misbehave(): Promise<void> {
    this.#kind = kinds[Math.floor(this.#random() * kinds.length)] ?? 'cut';
    this.#way = this.#random() < 0.5 ? 'up' : 'down';
    this.#chunks = 1 + Math.floor(this.#random() * mostChunks);
    await until('the line is used', () => this.#chunks === 0);
  }
}

/**
 * Lines break, lose the second half of what is sent, or hold it up: between reporters, viewers and the server, and on
 * PostgreSQL between the server and its database.
 */
export const breakLines =
  (database: 'embedded' | 'postgresql') =>
  async (options: FaultOptions): Promise<FaultReport> => {
    const random = seeded(options.seed + 1);
    const [front, back] = [new BadLine(random), new BadLine(random)];
    const proxies: { close(): Promise<void> }[] = [];
    const viaDatabase = async (url: string) => {
      const proxy = await openFaultyProxy(() => url, back.judge);
      proxies.push(proxy);
      return url.replace(new URL(url).host, new URL(proxy.url).host);
    };
    try {
      return await atSite(options, { database, viaDatabase }, async (site) => {
        const proxy = await openFaultyProxy(() => site.servers[0]?.url, front.judge);
        proxies.push(proxy);
        return faultsUnderLoad({
          ...options,
          site,
          label: 'proxy',
          url: proxy.url,
          inject: (chance) => (database === 'postgresql' && !options.site && chance() < 0.5 ? back : front).misbehave(),
        });
      });
    } finally {
      await Promise.all(proxies.map((proxy) => proxy.close()));
    }
  };

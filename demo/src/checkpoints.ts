import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { toSafetensors } from './safetensors.ts';
import type { Parameters } from './softmax-regression.ts';

interface CheckpointsOptions {
  readonly url: string;
  readonly apiKey: string;
  readonly run_id: string;
  readonly onProblem: (message: string) => void;
}

const attempts = 4;
const firstBackoffMs = 500;
const requestMs = 10_000;
/** Of 3 kB each, waiting for a dashboard that is away; beyond it the new ones are not kept. */
const maxPending = 20;

/** Sends checkpoints to the dashboard beside the training, which neither waits for them nor hears of their troubles. */
export class Checkpoints {
  readonly #options: CheckpointsOptions;
  readonly #pending = new Set<Promise<void>>();
  readonly #end = new AbortController();
  #parent: string | null = null;

  constructor(options: CheckpointsOptions) {
    this.#options = options;
  }

  /** The name under which the global model of a round will be found; null when it is not kept. */
  save(round: number, parameters: Parameters): string | null {
    const { run_id, onProblem } = this.#options;
    const version = `${run_id}-round-${round}`;
    if (this.#pending.size >= maxPending) {
      onProblem(`${version} is not stored: ${maxPending} checkpoints are waiting already`);
      return null;
    }
    const content = toSafetensors(parameters, { run_id, round: String(round) });
    const parent = this.#parent;
    this.#parent = version;
    const sending = this.#send(version, round, parent, content).catch((error: unknown) =>
      onProblem(`${version} is not stored: ${error instanceof Error ? error.message : error}`),
    );
    this.#pending.add(sending);
    void sending.then(() => this.#pending.delete(sending));
    return version;
  }

  /** Waits for what is under way, so long at most. */
  async close(timeoutMs: number): Promise<void> {
    const timer = setTimeout(() => this.#end.abort(new Error('the demo has ended')), timeoutMs);
    await Promise.all(this.#pending);
    clearTimeout(timer);
  }

  async #send(version: string, round: number, parent: string | null, content: Uint8Array<ArrayBuffer>): Promise<void> {
    const query = new URLSearchParams({ run_id: this.#options.run_id, round: String(round), format: 'safetensors' });
    if (parent !== null) query.set('parent', parent);
    const address = new URL(`/api/models/${version}?${query}`, this.#options.url);
    for (let attempt = 1; ; attempt++) {
      const trouble = await this.#put(address, content);
      if (trouble === null) return;
      if (attempt === attempts || !trouble.mayPass) throw new Error(trouble.message);
      await wait(firstBackoffMs * 2 ** attempt * Math.random(), undefined, { signal: this.#end.signal });
    }
  }

  async #put(address: URL, content: Uint8Array<ArrayBuffer>): Promise<{ message: string; mayPass: boolean } | null> {
    const signal = AbortSignal.any([this.#end.signal, AbortSignal.timeout(requestMs)]);
    const headers = {
      authorization: `Bearer ${this.#options.apiKey}`,
      'content-type': 'application/octet-stream',
      'x-content-sha256': createHash('sha256').update(content).digest('hex'),
    };
    try {
      const answer = await fetch(address, { method: 'PUT', headers, body: content, signal });
      await answer.arrayBuffer();
      return answer.ok ? null : { message: `the dashboard answered ${answer.status}`, mayPass: answer.status >= 500 };
    } catch {
      return { message: 'the dashboard cannot be reached', mayPass: !this.#end.signal.aborted };
    }
  }
}

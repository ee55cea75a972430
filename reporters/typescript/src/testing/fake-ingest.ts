import { gunzipSync } from 'node:zlib';
import { type Command, type Fact, factSchema, type IngestAnswer, ingestRequestSchema } from '@rondo/protocol';
import type { Post, PostAnswer, PostRequest } from '../http.ts';

export interface SeenRequest {
  readonly reporter_id: string;
  readonly batch: number;
  readonly events: readonly unknown[];
  readonly headers: Readonly<Record<string, unknown>>;
  readonly bytes: number;
}

/** The fault that a request meets instead of a healthy server. */
export type Fault = 'down' | 'silent' | 'slow' | 'lost answer' | 'garbage' | { status: number; retryAfter?: string };

/** The server's side of the contract, in memory: a number already taken is answered with its events as duplicates. */
export class FakeIngest {
  readonly requests: SeenRequest[] = [];
  readonly facts: Fact[] = [];
  commands: Command[] = [];
  /** Decides what the next request meets. */
  fault: (request: SeenRequest) => Fault | null = () => null;
  /** Numbers that came again with other events. */
  readonly changed: string[] = [];
  readonly #taken = new Map<string, string>();

  /** Faults for the next requests, one each, then health. */
  failNext(...faults: Fault[]): void {
    this.fault = () => faults.shift() ?? null;
  }

  readonly post: Post = async ({ body, headers, signal }: PostRequest): Promise<PostAnswer> => {
    const request = this.see(body, headers);
    const fault = this.fault(request);
    if (fault === 'down') throw new Error('connect ECONNREFUSED');
    if (fault === 'silent') await aborted(signal);
    if (fault === 'garbage') return { status: 200, retryAfter: null, text: '<html>Please sign in</html>' };
    if (typeof fault === 'object' && fault !== null) {
      return { status: fault.status, retryAfter: fault.retryAfter ?? null, text: '{"title":"no"}' };
    }
    const answer = this.commit(request);
    if (fault === 'lost answer') throw new Error('socket hang up');
    return { status: 200, retryAfter: null, text: JSON.stringify(answer) };
  };

  see(body: Uint8Array, headers: Readonly<Record<string, unknown>>): SeenRequest {
    const json = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    const envelope = ingestRequestSchema.parse(JSON.parse(Buffer.from(json).toString()));
    const request = { ...envelope, headers, bytes: json.length };
    this.requests.push(request);
    return request;
  }

  commit({ reporter_id, batch, events }: SeenRequest): IngestAnswer {
    const id = `${reporter_id} ${batch}`;
    const commands = this.commands;
    const content = JSON.stringify(events);
    const before = this.#taken.get(id);
    if (before !== undefined) {
      if (before !== content) this.changed.push(id);
      return { accepted: 0, duplicates: events.length, rejected: [], commands };
    }
    this.#taken.set(id, content);
    const rejected: IngestAnswer['rejected'] = [];
    for (const [index, event] of events.entries()) {
      const fact = factSchema.safeParse(event);
      if (fact.success) this.facts.push(fact.data);
      else rejected.push({ index, detail: fact.error.issues[0]?.message ?? 'bad' });
    }
    return { accepted: events.length - rejected.length, duplicates: 0, rejected, commands };
  }

  /** The steps of the metrics that were taken, in the order they were. */
  get steps(): (number | null | undefined)[] {
    return this.facts.flatMap((fact) => (fact.type === 'metric' ? [fact.step] : []));
  }

  get types(): string[] {
    return this.facts.map((fact) => fact.type);
  }
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

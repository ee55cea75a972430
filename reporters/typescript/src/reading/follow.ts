import { setTimeout as wait } from 'node:timers/promises';
import type { LiveEvent, ServerMessage } from '@rondo/protocol';
import { type Api, ReadError } from './api.ts';
import { decode } from './decode.ts';

/** One entity in its new state; NaN and infinities are numbers. */
export interface Change {
  /** `snapshot` for the first state, then the type of the live event, such as `round_complete`. */
  readonly type: 'snapshot' | LiveEvent['type'];
  readonly kind: 'run' | 'round' | 'client' | 'metric' | 'model' | 'log' | 'attention';
  readonly data: Readonly<Record<string, unknown>>;
}

export interface FollowOptions {
  /** Yield the present state first. Default: true. */
  readonly snapshot?: boolean;
  /** Return when the run is over; otherwise the iterator never ends. Default: true. */
  readonly untilOver?: boolean;
  readonly signal?: AbortSignal;
}

const kinds: Readonly<Record<LiveEvent['type'], Change['kind']>> = {
  run_update: 'run',
  round_started: 'round',
  round_update: 'round',
  round_complete: 'round',
  client_joined: 'client',
  client_update: 'client',
  metric: 'metric',
  model_saved: 'model',
  model_deleted: 'model',
  log: 'log',
  attention: 'attention',
};
const listed = { rounds: 'round', clients: 'client', models: 'model', metrics: 'metric', logs: 'log' } as const;

// The server pings after 30 s of silence.
const silenceMs = 70_000;
const longestPauseMs = 15_000;
/** Close codes after which another attempt cannot help. [S8] [S11] */
const final: Readonly<Record<number, string>> = {
  4001: 'the key may not read this run, or was revoked',
  4004: 'the run does not exist, or was deleted',
};

/** The state of a run, then each change, without gaps over lost connections. [S5] */
export async function* follow(api: Api, runId: string, options: FollowOptions = {}): AsyncGenerator<Change> {
  const { snapshot = true, untilOver = true, signal } = options;
  let position: { epoch?: string | null; seq?: number } = {};
  let failures = 0;
  while (!signal?.aborted) {
    for await (const message of messages(api, { run_id: runId, ...position }, signal)) {
      if (message === 'lost') break;
      failures = 0;
      if (message.type === 'snapshot') position = { epoch: message.epoch };
      position.seq = message.seq;
      if (message.type === 'batch' || snapshot) yield* changesOf(message);
      if (untilOver && isOver(message)) return;
    }
    failures += 1;
    const pauseMs = Math.min(longestPauseMs, 250 * 2 ** Math.min(failures, 6)) * (0.5 + Math.random() / 2);
    await wait(pauseMs, undefined, { ...(signal && { signal }) }).catch(() => {}); // Aborted.
  }
}

/** What one connection brings, and `lost` when it ended for a reason that may pass. */
async function* messages(
  api: Api,
  query: object,
  signal: AbortSignal | undefined,
): AsyncGenerator<ServerMessage | 'lost'> {
  const parameters = Object.entries(query).filter(([, value]) => value != null);
  const address = `${api.url.replace(/^http/, 'ws')}/ws/events?${new URLSearchParams(parameters)}`;
  // The headers are undici's, which Node's own type of it does not name.
  const socket = new WebSocket(address, { headers: { authorization: `Bearer ${api.key}` } } as never);
  const waiting: (ServerMessage | 'lost' | ReadError)[] = [];
  let wake = () => {};
  const add = (item: (typeof waiting)[number]) => {
    waiting.push(item);
    wake();
  };
  const close = () => socket.close();
  let silence = setTimeout(close, silenceMs);
  socket.addEventListener('message', ({ data }) => {
    clearTimeout(silence);
    silence = setTimeout(close, silenceMs);
    if (data === 'ping') socket.send('pong');
    else if (data !== 'pong') add(JSON.parse(String(data)) as ServerMessage);
  });
  socket.addEventListener('close', ({ code }) => add(final[code] ? new ReadError(final[code]) : 'lost'));
  socket.addEventListener('error', () => add('lost'));
  signal?.addEventListener('abort', close, { once: true });
  try {
    for (;;) {
      const next = waiting.shift();
      if (next instanceof ReadError) throw next;
      if (next !== undefined) yield next;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    clearTimeout(silence);
    signal?.removeEventListener('abort', close);
    close();
  }
}

function* changesOf(message: ServerMessage): Generator<Change> {
  if (message.type === 'batch') {
    for (const { type, data } of message.events) {
      // A newer server may send events of types that this version does not know. [V5]
      if (kinds[type]) yield { type, kind: kinds[type], data: decode(data) };
    }
    return;
  }
  const { data } = message;
  if (data.run) yield { type: 'snapshot', kind: 'run', data: decode(data.run) };
  for (const [name, kind] of Object.entries(listed) as [keyof typeof listed, Change['kind']][])
    for (const item of data[name]) yield { type: 'snapshot', kind, data: decode(item) };
}

function isOver(message: ServerMessage): boolean {
  if (message.type === 'snapshot') return message.data.run !== null && message.data.run.status !== 'running';
  return message.events.some((event) => event.type === 'run_update' && event.data.status !== 'running');
}

import type { BatchMessage } from '@rondo/protocol';
import { closeCodes } from '@rondo/protocol/close-codes';
import { assertNever } from '../lib/assert-never.ts';
import { backoffMs } from '../lib/backoff.ts';
import type { Connection, Context, Effect, Event, Memory, Position, Step } from './connection-types.ts';
import { parseMessage, type SnapshotLike } from './parse-message.ts';

/**
 *            start                 first word               silence, close, gap
 *   idle ─────────▶ connecting ─────────────▶ live ───────────────────────────┐
 *                    ▲   ▲  │ close, failed, too slow                          │
 *                    │   │  └──────────────────────────────▶ waiting ◀─────────┘
 *                    │   └───────── retry is due, woke ─────────┘
 *                    │ renewed
 *             unauthorized ◀── close 4001, no ticket (from connecting or live); never retried by itself
 *
 *   stop, from anywhere ──▶ closed ── start ──▶ connecting
 *
 * Pure: what it wants done it returns as effects. There is one timer, and one socket at a time; what an earlier socket
 * still says is ignored, by its id.
 */
export const timings = {
  /** Silence before the viewer asks whether anybody is there. */
  pingAfterMs: 2_000,
  /** Silence before the link counts as lost: the screen must say "stale" within 5 s. */
  lostAfterMs: 4_000,
  /** A connection that takes longer is not coming. */
  connectMs: 10_000,
  /** A link that held this long has proved itself: earlier gaps are forgiven. */
  provenMs: 10_000,
  /** Between two questions by REST, where no socket gets through. */
  pollMs: 5_000,
} as const;

/** Sockets in a row without a word after which a proxy is suspected. */
const muteTries = 2;

/** Stands for a close code where the server did not answer the request for a ticket. */
export const outOfReach = 0;
/** What a browser reports when an upgrade was refused. */
const abnormal = 1006;

export const initialConnection: Connection = {
  state: 'idle',
  run_id: null,
  position: null,
  next_socket_id: 1,
  last_heard_at: null,
  attempt: 0,
  gaps: 0,
  is_renewed: false,
  is_missing: false,
  num_mute: 0,
  poll_at: null,
  polled_at: null,
};

export function transition(connection: Connection, event: Event, context: Context): Step {
  return withPolls(step(connection, event, context), context);
}

/** While no socket gets through, REST is asked at a fixed pace; the tries to connect go on. */
function withPolls([connection, effects]: Step, { now }: Context): Step {
  const { state, num_mute, run_id, position } = connection;
  const isTrying = state === 'connecting' || state === 'waiting';
  if (!isTrying || num_mute < muteTries) {
    return [connection.poll_at === null ? connection : { ...connection, poll_at: null }, effects];
  }
  const isDue = connection.poll_at === null || now >= connection.poll_at;
  const poll_at = isDue || connection.poll_at === null ? now + timings.pollMs : connection.poll_at;
  const timed = effects.map((effect) =>
    effect.do === 'timer' && effect.at !== null ? { ...effect, at: Math.min(effect.at, poll_at) } : effect,
  );
  if (!isDue) return [connection, timed];
  return [{ ...connection, poll_at }, [...timed, { do: 'poll', run_id, position }]];
}

function step(connection: Connection, event: Event, context: Context): Step {
  switch (event.type) {
    case 'start':
      return start(connection, event, context);
    case 'stop':
      return [{ ...memoryOf(connection), state: 'closed' }, [...closeSocket(connection), { do: 'timer', at: null }]];
    case 'opened':
      // The answer is the first word, even when a resumed viewer has missed nothing.
      return isOurs(connection, event) ? [connection, [send(event.socket_id, 'ping')]] : [connection, []];
    case 'text':
      return isOurs(connection, event) ? heard(connection, event.text, context) : [connection, []];
    case 'ended':
      return isOurs(connection, event) ? ended(connection, event.code, context) : [connection, []];
    case 'timer':
      return timer(connection, context);
    case 'woke':
      return woke(connection, context);
    case 'renewed':
      if (connection.state !== 'unauthorized') return [connection, []];
      return connect({ ...memoryOf(connection), is_renewed: true }, context);
    case 'polled':
      return polled(connection, event, context);
    default:
      return assertNever(event);
  }
}

/** An answer that comes after a word of the socket, or about another run, says nothing. */
function polled(connection: Connection, event: Extract<Event, { type: 'polled' }>, { now }: Context): Step {
  const { message } = event;
  if (connection.poll_at === null || event.run_id !== connection.run_id) return [connection, []];
  if (message === null) return [{ ...connection, is_missing: true, position: null, polled_at: now }, []];
  const known = { ...connection, is_missing: false, polled_at: now };
  if (message.type === 'snapshot') {
    const position = positionOf(message);
    return [{ ...known, position, poll_at: isWhole(position) ? known.poll_at : now }, [{ do: 'apply', message }]];
  }
  const { position } = connection;
  const follows = position?.run_id === message.run_id && position.seq === message.from_seq;
  if (!follows) return [{ ...known, position: null }, []];
  if (message.seq === message.from_seq) return [known, []];
  const next = { ...position, seq: message.seq };
  // The rest of a snapshot in parts does not wait. [S12]
  const poll_at = isWhole(next) ? known.poll_at : now;
  return [{ ...known, position: next, poll_at }, [{ do: 'apply', message }]];
}

function start(connection: Connection, event: Extract<Event, { type: 'start' }>, context: Context): Step {
  const [next, effects] = connect(
    {
      ...memoryOf(connection),
      run_id: event.run_id,
      position: event.position,
      attempt: 0,
      gaps: 0,
      is_renewed: false,
      is_missing: false,
      poll_at: null,
      polled_at: null,
    },
    context,
  );
  return [next, [...closeSocket(connection), ...effects]];
}

function connect(memory: Memory, { now }: Context): Step {
  const socket_id = memory.next_socket_id;
  return [
    { ...memory, state: 'connecting', socket_id, since: now, next_socket_id: socket_id + 1 },
    [
      { do: 'open', socket_id, run_id: memory.run_id, position: memory.position },
      { do: 'timer', at: now + timings.connectMs },
    ],
  ];
}

function ended(connection: Connection, code: number, context: Context): Step {
  const memory = judgeSocket(connection, code);
  // A new run may be reported under the same id, so the whole run is requested again.
  if (code === closeCodes.runNotFound) return retry({ ...memory, position: null, is_missing: true }, context);
  if (code !== closeCodes.unauthorized) return retry(memory, context);
  return [
    { ...memory, state: 'unauthorized' },
    [{ do: 'timer', at: null }, { do: memory.is_renewed ? 'give_up' : 'renew_session' }],
  ];
}

/** A close code of the server proves that its words get through; a browser gives 1006 for an upgrade that was refused. */
function judgeSocket(connection: Connection, code: number): Memory {
  const memory = memoryOf(connection);
  if (code === outOfReach || connection.state !== 'connecting') return memory;
  return { ...memory, num_mute: code === abnormal ? memory.num_mute + 1 : 0 };
}

function retry(memory: Memory, { now, random }: Context): Step {
  const retry_at = now + backoffMs(Math.max(memory.attempt, memory.gaps), random);
  return [{ ...memory, state: 'waiting', attempt: memory.attempt + 1, retry_at }, [{ do: 'timer', at: retry_at }]];
}

function heard(connection: Connection, text: string, context: Context): Step {
  if (connection.state !== 'connecting' && connection.state !== 'live') return [connection, []];
  const { now } = context;
  const isProven = connection.state === 'live' && now - connection.since >= timings.provenMs;
  const live: Connection = {
    ...memoryOf(connection),
    state: 'live',
    socket_id: connection.socket_id,
    since: connection.state === 'live' ? connection.since : now,
    pinged_at: null,
    last_heard_at: now,
    // Who asks for a missing run is answered, too, before the socket is closed.
    attempt: connection.is_missing ? connection.attempt : 0,
    gaps: isProven ? 0 : connection.gaps,
    is_renewed: false,
    num_mute: 0,
  };
  const effects: Effect[] = connection.state === 'live' ? [] : [{ do: 'timer', at: now + timings.pingAfterMs }];
  if (text === 'pong') return [live, effects];
  if (text === 'ping') return [live, [...effects, send(live.socket_id, 'pong')]];
  const message = parseMessage(text);
  // Not of this protocol, or of a newer one: it counts as a sign of life and nothing else.
  if (message === null) return [live, effects];
  if (message.type === 'alert') return [live, [...effects, { do: 'show', notice: message }]];
  if (message.type === 'snapshot') {
    return [
      { ...live, position: positionOf(message), attempt: 0, is_missing: false },
      [...effects, { do: 'apply', message }],
    ];
  }
  return continueWith(live, message, effects, context);
}

/** A batch either continues what is known, or was known already, or leaves a gap: then ask again, never guess. */
function continueWith(live: Connection, batch: BatchMessage, effects: Effect[], context: Context): Step {
  const { position } = live;
  const isSameRun = position !== null && position.run_id === batch.run_id;
  if (isSameRun && batch.seq <= position.seq) return [live, effects];
  if (isSameRun && batch.from_seq === position.seq) {
    return [{ ...live, position: { ...position, seq: batch.seq } }, [...effects, { do: 'apply', message: batch }]];
  }
  // A second gap before the link has proved itself: resuming does not help, so ask for a whole snapshot.
  const next = { ...memoryOf(live), gaps: live.gaps + 1, position: live.gaps > 0 ? null : position };
  const [waiting, retryEffects] = retry(next, context);
  return [waiting, [...closeSocket(live), ...retryEffects]];
}

function timer(connection: Connection, context: Context): Step {
  const { now } = context;
  switch (connection.state) {
    case 'waiting':
      if (now < connection.retry_at) return [connection, [{ do: 'timer', at: connection.retry_at }]];
      return connect(memoryOf(connection), context);
    case 'connecting': {
      const due = connection.since + timings.connectMs;
      if (now < due) return [connection, [{ do: 'timer', at: due }]];
      return lose({ ...connection, num_mute: connection.num_mute + 1 }, context);
    }
    case 'live':
      return listen(connection, context);
    case 'idle':
    case 'unauthorized':
    case 'closed':
      return [connection, []];
    default:
      return assertNever(connection);
  }
}

/** Asks before it judges: a hidden tab's timer may be a minute late, and silence it never asked about proves nothing. */
function listen(live: Extract<Connection, { state: 'live' }>, context: Context): Step {
  const { now } = context;
  const heardAt = live.last_heard_at ?? live.since;
  if (live.pinged_at === null) {
    const due = heardAt + timings.pingAfterMs;
    return now < due ? [live, [{ do: 'timer', at: due }]] : ask(live, context);
  }
  const due = Math.max(heardAt + timings.lostAfterMs, live.pinged_at + timings.pingAfterMs);
  return now < due ? [live, [{ do: 'timer', at: due }]] : lose(live, context);
}

function ask(live: Extract<Connection, { state: 'live' }>, { now }: Context): Step {
  return [{ ...live, pinged_at: now }, [send(live.socket_id, 'ping'), { do: 'timer', at: now + timings.pingAfterMs }]];
}

/** The network returned, or the tab is visible again: no reason to wait. */
function woke(connection: Connection, context: Context): Step {
  if (connection.state === 'waiting') return connect(memoryOf(connection), context);
  const isQuiet = context.now - (connection.last_heard_at ?? 0) >= timings.pingAfterMs;
  if (connection.state === 'live' && connection.pinged_at === null && isQuiet) return ask(connection, context);
  return [connection, []];
}

function lose(connection: Connection, context: Context): Step {
  const [next, effects] = retry(memoryOf(connection), context);
  return [next, [...closeSocket(connection), ...effects]];
}

const isOurs = (connection: Connection, event: { socket_id: number }): boolean =>
  'socket_id' in connection && connection.socket_id === event.socket_id;

const closeSocket = (connection: Connection): Effect[] =>
  'socket_id' in connection ? [{ do: 'close', socket_id: connection.socket_id, code: closeCodes.normal }] : [];

const send = (socket_id: number, text: 'ping' | 'pong'): Effect => ({ do: 'send', socket_id, text });

function positionOf(snapshot: SnapshotLike): Position | null {
  if (snapshot.run_id === null || snapshot.epoch === null) return null;
  const { run_id, epoch, seq, complete_at } = snapshot;
  return complete_at === undefined ? { run_id, epoch, seq } : { run_id, epoch, seq, complete_at };
}

const isWhole = (position: Position | null): boolean =>
  position === null || position.complete_at === undefined || position.seq >= position.complete_at;

function memoryOf(connection: Connection): Memory {
  const { run_id, position, next_socket_id, last_heard_at, attempt, gaps, is_renewed, is_missing } = connection;
  const { num_mute, poll_at, polled_at } = connection;
  const polls = { num_mute, poll_at, polled_at };
  return { run_id, position, next_socket_id, last_heard_at, attempt, gaps, is_renewed, is_missing, ...polls };
}

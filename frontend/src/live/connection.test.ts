import { closeCodes } from '@rondo/protocol';
import { describe, expect, it } from 'vitest';
import { makeBatch, makeSnapshot } from '../test/factories.ts';
import { initialConnection, timings, transition } from './connection.ts';
import type { Connection, ConnectionState, Context, Effect, Event, EventType, Memory } from './connection-types.ts';

const context = (now = 0, random = 0.5): Context => ({ now, random: () => random });
const memory: Memory = {
  run_id: null,
  position: { run_id: 'run-1', epoch: 'e1', seq: 5 },
  next_socket_id: 2,
  last_heard_at: 0,
  attempt: 0,
  gaps: 0,
  is_renewed: false,
  is_missing: false,
  num_mute: 0,
  poll_at: null,
  polled_at: null,
};

const states: Record<ConnectionState, Connection> = {
  idle: initialConnection,
  connecting: { ...memory, state: 'connecting', socket_id: 1, since: 0 },
  live: { ...memory, state: 'live', socket_id: 1, since: 0, pinged_at: null },
  waiting: { ...memory, state: 'waiting', retry_at: 0 },
  unauthorized: { ...memory, state: 'unauthorized' },
  closed: { ...memory, state: 'closed' },
};

const events: Record<EventType, Event> = {
  start: { type: 'start', run_id: null, position: null },
  stop: { type: 'stop' },
  opened: { type: 'opened', socket_id: 1 },
  text: { type: 'text', socket_id: 1, text: JSON.stringify(makeSnapshot(9)) },
  ended: { type: 'ended', socket_id: 1, code: 1006 },
  timer: { type: 'timer' },
  woke: { type: 'woke' },
  renewed: { type: 'renewed' },
  polled: { type: 'polled', run_id: null, message: makeSnapshot(9) },
};

/** Where each state goes on each event: complete by its type. */
const table: Record<ConnectionState, Record<EventType, ConnectionState>> = {
  idle: {
    start: 'connecting',
    stop: 'closed',
    opened: 'idle',
    text: 'idle',
    ended: 'idle',
    timer: 'idle',
    woke: 'idle',
    renewed: 'idle',
    polled: 'idle',
  },
  connecting: {
    start: 'connecting',
    stop: 'closed',
    opened: 'connecting',
    text: 'live',
    ended: 'waiting',
    timer: 'connecting',
    woke: 'connecting',
    renewed: 'connecting',
    polled: 'connecting',
  },
  live: {
    start: 'connecting',
    stop: 'closed',
    opened: 'live',
    text: 'live',
    ended: 'waiting',
    timer: 'live',
    woke: 'live',
    renewed: 'live',
    polled: 'live',
  },
  waiting: {
    start: 'connecting',
    stop: 'closed',
    opened: 'waiting',
    text: 'waiting',
    ended: 'waiting',
    timer: 'connecting',
    woke: 'connecting',
    renewed: 'waiting',
    polled: 'waiting',
  },
  unauthorized: {
    start: 'connecting',
    stop: 'closed',
    opened: 'unauthorized',
    text: 'unauthorized',
    ended: 'unauthorized',
    timer: 'unauthorized',
    woke: 'unauthorized',
    renewed: 'connecting',
    polled: 'unauthorized',
  },
  closed: {
    start: 'connecting',
    stop: 'closed',
    opened: 'closed',
    text: 'closed',
    ended: 'closed',
    timer: 'closed',
    woke: 'closed',
    renewed: 'closed',
    polled: 'closed',
  },
};

const socketOf = (connection: Connection) => ({ socket_id: 'socket_id' in connection ? connection.socket_id : 0 });

const does = <D extends Effect['do']>(effects: readonly Effect[], what: D): Extract<Effect, { do: D }>[] =>
  effects.filter((effect): effect is Extract<Effect, { do: D }> => effect.do === what);

describe('every state on every event', () => {
  for (const state of Object.keys(table) as ConnectionState[]) {
    for (const event of Object.keys(table[state]) as EventType[]) {
      it(`${state} on ${event} becomes ${table[state][event]}`, () => {
        const [next] = transition(states[state], events[event], context());
        expect(next.state).toBe(table[state][event]);
      });
    }
  }
});

describe('sockets', () => {
  it('ignores what an earlier socket still says', () => {
    const late: Event[] = [
      { type: 'opened', socket_id: 0 },
      { type: 'text', socket_id: 0, text: JSON.stringify(makeSnapshot(1)) },
      { type: 'ended', socket_id: 0, code: closeCodes.unauthorized },
    ];
    for (const event of late) expect(transition(states.live, event, context())).toEqual([states.live, []]);
  });

  it('closes the socket exactly once when it stops, with 1000', () => {
    const [closed, effects] = transition(states.live, events.stop, context());
    expect(does(effects, 'close')).toEqual([{ do: 'close', socket_id: 1, code: 1000 }]);
    expect(does(transition(closed, events.stop, context())[1], 'close')).toEqual([]);
  });

  it('closes the old socket when another run is picked, and asks for that run', () => {
    const [next, effects] = transition(states.live, { type: 'start', run_id: 'run-2', position: null }, context());
    expect(does(effects, 'close')).toHaveLength(1);
    expect(does(effects, 'open')).toEqual([{ do: 'open', socket_id: 2, run_id: 'run-2', position: null }]);
    expect(next.run_id).toBe('run-2');
  });

  it('gives up a connection that does not come within 10 s', () => {
    const [next, effects] = transition(states.connecting, events.timer, context(timings.connectMs));
    expect(next.state).toBe('waiting');
    expect(does(effects, 'close')).toHaveLength(1);
  });
});

describe('retries', () => {
  it('backs off with full jitter from 0.5 s to a cap of 15 s', () => {
    let connection = states.connecting;
    const delays: number[] = [];
    for (let attempt = 0; attempt < 8; attempt++) {
      const [waiting] = transition(
        { ...connection, state: 'connecting', socket_id: 1, since: 0 },
        events.ended,
        context(0, 0.999999),
      );
      delays.push(waiting.state === 'waiting' ? Math.round(waiting.retry_at) : -1);
      connection = waiting;
    }
    expect(delays).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
    expect(does(transition(states.connecting, events.ended, context(0, 0))[1], 'timer')[0]?.at).toBe(0);
  });

  it('starts over with short waits once the server has said a word', () => {
    const tired: Connection = { ...memory, attempt: 6, state: 'connecting', socket_id: 1, since: 0 };
    expect(transition(tired, events.text, context())[0].attempt).toBe(0);
  });

  it('resumes where it was: same run, epoch and seq', () => {
    const waiting: Connection = { ...memory, run_id: 'run-1', state: 'waiting', retry_at: 0 };
    const [, effects] = transition(waiting, events.timer, context());
    expect(does(effects, 'open')).toEqual([
      { do: 'open', socket_id: 2, run_id: 'run-1', position: { run_id: 'run-1', epoch: 'e1', seq: 5 } },
    ]);
  });

  it('tries at once when the network returns or the tab becomes visible', () => {
    const waiting: Connection = { ...memory, state: 'waiting', retry_at: 99_999 };
    expect(transition(waiting, events.timer, context())[0].state).toBe('waiting');
    expect(transition(waiting, events.woke, context())[0].state).toBe('connecting');
  });
});

describe('an ended session', () => {
  const refused: Event = { type: 'ended', socket_id: 1, code: closeCodes.unauthorized };

  it('[S11] asks again for a run that is not there, with waits that grow although each try is answered', () => {
    let connection: Connection = states.live;
    const waits: number[] = [];
    for (let attempt = 0; attempt < 4; attempt++) {
      connection = transition(
        connection,
        { ...socketOf(connection), type: 'ended', code: closeCodes.runNotFound },
        context(),
      )[0];
      expect(connection.is_missing).toBe(true);
      if (connection.state === 'waiting') waits.push(connection.retry_at);
      connection = transition(connection, events.woke, context())[0];
      connection = transition(connection, { ...socketOf(connection), type: 'text', text: 'pong' }, context())[0];
    }
    expect([connection.state, connection.is_missing]).toEqual(['live', true]);
    expect(waits).toEqual([250, 500, 1_000, 2_000]);
    const news: Event = { ...socketOf(connection), type: 'text', text: JSON.stringify(makeSnapshot(1)) };
    expect(transition(connection, news, context())[0]).toMatchObject({ state: 'live', is_missing: false, attempt: 0 });
    expect(transition(connection, events.start, context())[0].is_missing).toBe(false);
  });

  it('WebSocket reconnects in infinite loop: no retry on 4001', () => {
    const [next, effects] = transition(states.live, refused, context());
    expect(next.state).toBe('unauthorized');
    expect(does(effects, 'open')).toEqual([]);
    expect(does(effects, 'timer')).toEqual([{ do: 'timer', at: null }]);
    for (const event of [events.timer, events.woke]) {
      expect(transition(next, event, context(1e9))).toEqual([next, []]);
    }
  });

  it('renews the session once, and gives up when that did not help', () => {
    const [unauthorized, first] = transition(states.live, refused, context());
    expect(does(first, 'renew_session')).toHaveLength(1);
    const [connecting] = transition(unauthorized, events.renewed, context());
    const [, second] = transition(connecting, { ...refused, socket_id: 2 }, context());
    expect(does(second, 'renew_session')).toEqual([]);
    expect(does(second, 'give_up')).toHaveLength(1);
  });
});

describe('silence', () => {
  it('asks after 2 s, and counts the link as lost after 4 s, within the promised 5', () => {
    const [asked, ping] = transition(states.live, events.timer, context(2_000));
    expect(does(ping, 'send')).toEqual([{ do: 'send', socket_id: 1, text: 'ping' }]);
    expect(does(ping, 'timer')).toEqual([{ do: 'timer', at: 4_000 }]);
    const [lost, effects] = transition(asked, events.timer, context(4_000));
    expect(lost.state).toBe('waiting');
    expect(does(effects, 'close')).toHaveLength(1);
  });

  it('stays live when the answer comes', () => {
    const [asked] = transition(states.live, events.timer, context(2_000));
    const [answered] = transition(asked, { type: 'text', socket_id: 1, text: 'pong' }, context(2_050));
    expect(transition(answered, events.timer, context(4_000))[0].state).toBe('live');
  });

  it('asks before it judges when a hidden tab wakes late', () => {
    const [next, effects] = transition(states.live, events.timer, context(60_000));
    expect(next.state).toBe('live');
    expect(does(effects, 'send')).toHaveLength(1);
  });

  it('answers the ping of the server', () => {
    const [, effects] = transition(states.live, { type: 'text', socket_id: 1, text: 'ping' }, context());
    expect(does(effects, 'send')).toEqual([{ do: 'send', socket_id: 1, text: 'pong' }]);
  });

  it('says a word as soon as the socket is open, so that a resumed viewer that missed nothing is live', () => {
    const [, effects] = transition(states.connecting, events.opened, context());
    expect(does(effects, 'send')).toEqual([{ do: 'send', socket_id: 1, text: 'ping' }]);
  });
});

describe('messages', () => {
  const say = (connection: Connection, message: unknown, now = 0) =>
    transition(connection, { type: 'text', socket_id: 1, text: JSON.stringify(message) }, context(now));

  it('applies a batch that continues what is known', () => {
    const [next, effects] = say(states.live, makeBatch(5, 8));
    expect(does(effects, 'apply')).toHaveLength(1);
    expect(next.position?.seq).toBe(8);
  });

  it('ignores a batch that it knows already', () => {
    const [next, effects] = say(states.live, makeBatch(3, 5));
    expect(does(effects, 'apply')).toEqual([]);
    expect(next.state).toBe('live');
  });

  it('asks again after a gap, with its epoch and seq; never a silent gap', () => {
    const [next, effects] = say(states.live, makeBatch(6, 8));
    expect(does(effects, 'apply')).toEqual([]);
    expect(does(effects, 'close')).toHaveLength(1);
    expect(next).toMatchObject({ state: 'waiting', position: { epoch: 'e1', seq: 5 } });
  });

  it('asks for a whole snapshot when resuming left a gap again', () => {
    const [first] = say(states.live, makeBatch(6, 8));
    const [second] = say({ ...states.connecting, gaps: first.gaps }, makeBatch(6, 8));
    expect(second).toMatchObject({ state: 'waiting', position: null });
  });

  it('cannot spin on a server that always leaves gaps: the waits grow', () => {
    let gaps = 0;
    const waits: number[] = [];
    for (let round = 0; round < 6; round++) {
      const [next] = say({ ...states.connecting, gaps }, makeBatch(6, 8));
      gaps = next.gaps;
      waits.push(next.state === 'waiting' ? next.retry_at : -1);
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 7500, 7500]);
  });

  it('takes a batch of another run for a gap', () => {
    expect(say(states.live, { ...makeBatch(5, 6), run_id: 'run-2' })[0].state).toBe('waiting');
  });

  it('has no position while there is no run at all', () => {
    const empty = { type: 'snapshot', run_id: null, epoch: null, seq: 0, data: { ...makeSnapshot().data, run: null } };
    expect(say(states.live, empty)[0]).toMatchObject({ state: 'live', position: null });
  });

  it('takes words it does not know for a sign of life and nothing else', () => {
    for (const text of ['hello', '{"type":"weather"}', '[]', 'null']) {
      const [next, effects] = transition(states.live, { type: 'text', socket_id: 1, text }, context(7));
      expect(next).toMatchObject({ state: 'live', last_heard_at: 7 });
      expect(effects).toEqual([]);
    }
  });
});

describe('[S13] a proxy that refuses every upgrade', () => {
  const refused = (socket_id: number): Event => ({ type: 'ended', socket_id, code: 1006 });
  const opened = (now: number): Connection =>
    transition(initialConnection, { type: 'start', run_id: 'run-1', position: null }, context(now))[0];

  /** Everything that happens in this time, with each socket refused at once and each poll answered by `seq`. */
  function behindProxy(untilMs: number) {
    let now = 0;
    let seq = 1;
    let connection = opened(now);
    const polls: number[] = [];
    const applied: number[] = [];
    const tries: number[] = [];
    let timerAt = 0;
    const say = (event: Event): void => {
      const [next, effects] = transition(connection, event, context(now));
      connection = next;
      for (const effect of effects) {
        if (effect.do === 'timer' && effect.at !== null) timerAt = effect.at;
        if (effect.do === 'apply') applied.push(effect.message.seq);
        if (effect.do === 'open') tries.push(now);
        if (effect.do !== 'poll') continue;
        polls.push(now);
        const { position } = effect;
        const message = position ? makeBatch(position.seq, ++seq) : makeSnapshot(seq);
        say({ type: 'polled', run_id: 'run-1', message });
      }
      if (connection.state === 'connecting') say(refused(connection.socket_id));
    };
    if (connection.state === 'connecting') say(refused(connection.socket_id));
    while (timerAt < untilMs) {
      now = timerAt;
      say({ type: 'timer' });
    }
    return { connection, polls, applied, tries };
  }

  it('is asked by REST after two sockets without a word, and then every 5 s', () => {
    const { polls, applied, connection } = behindProxy(60_000);
    const gaps = polls.slice(1).map((at, index) => at - (polls[index] ?? 0));
    expect(polls[0]).toBeLessThan(5_000);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(timings.pollMs);
    expect(Math.max(...gaps)).toBeLessThan(2 * timings.pollMs);
    // A snapshot first, then what changed, each once.
    expect(applied).toEqual(applied.map((_, index) => index + 1));
    expect(connection.position?.seq).toBe(applied.at(-1));
  });

  it('is tried again all the while, at most 15 s apart', () => {
    const { tries } = behindProxy(120_000);
    const waits = tries.slice(1).map((at, index) => at - (tries[index] ?? 0));
    expect(Math.max(...waits)).toBeLessThanOrEqual(15_000);
  });

  it('is forgotten with the first word of a socket, which goes on from where the polls were', () => {
    const { connection } = behindProxy(60_000);
    const [connecting, effects] = transition(connection, { type: 'woke' }, context(61_000));
    expect(does(effects, 'open')).toMatchObject([{ position: connection.position }]);
    const text: Event = { type: 'text', ...socketOf(connecting), text: 'pong' };
    const [live] = transition(connecting, text, context(61_001));
    expect(live).toMatchObject({ state: 'live', poll_at: null, num_mute: 0 });
    const late: Event = { type: 'polled', run_id: 'run-1', message: makeSnapshot(99) };
    expect(transition(live, late, context(61_002))).toEqual([live, []]);
  });

  it('is not suspected while the server itself is out of reach, or closes sockets in words', () => {
    for (const code of [0, 1001, closeCodes.busy]) {
      let connection = opened(0);
      for (let attempt = 0; attempt < 5; attempt++) {
        [connection] = transition(connection, { type: 'ended', ...socketOf(connection), code }, context(attempt));
        [connection] = transition(connection, { type: 'woke' }, context(attempt));
      }
      expect(connection).toMatchObject({ poll_at: null, num_mute: 0 });
    }
  });

  it('says that there is no such run, and nothing of another run', () => {
    const { connection } = behindProxy(20_000);
    const [missing] = transition(connection, { type: 'polled', run_id: 'run-1', message: null }, context(20_000));
    expect(missing).toMatchObject({ is_missing: true, position: null });
    const other: Event = { type: 'polled', run_id: 'run-2', message: makeSnapshot(9) };
    expect(does(transition(connection, other, context(20_000))[1], 'apply')).toEqual([]);
  });
});

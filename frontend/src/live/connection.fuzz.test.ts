import { applyBatch, fromSnapshot, type ServerMessage, type ViewerState } from '@rondo/protocol';
import { makeClient } from '@rondo/protocol/testing';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { clientUpdate, makeBatch, makeSnapshot } from '../test/factories.ts';
import { initialConnection, transition } from './connection.ts';
import type { Connection, Effect, Event } from './connection-types.ts';

/** A server in miniature: every change raises its seq; it can lose messages, cut the line or start a new epoch. */
class ModelServer {
  epoch = 1;
  seq = 0;
  clients = new Map<string, { seq: number; loss: number }>();

  change(id: string, loss: number): void {
    this.clients.set(id, { seq: ++this.seq, loss });
  }

  #changedSince(seq: number) {
    return [...this.clients].filter(([, client]) => client.seq > seq).map(([id, { loss }]) => ({ id, loss }));
  }

  #clients(since: number) {
    return this.#changedSince(since).map(({ id, loss }) => makeClient({ client_id: id, train_loss: loss }));
  }

  greet(position: Extract<Effect, { do: 'open' }>['position']): ServerMessage {
    if (position && position.epoch === `e${this.epoch}`) return this.since(position.seq);
    return makeSnapshot(this.seq, { clients: this.#clients(0) }, `e${this.epoch}`);
  }

  since(seq: number): ServerMessage {
    return makeBatch(seq, this.seq, this.#clients(seq).map(clientUpdate));
  }

  losses(): Record<string, number> {
    return Object.fromEntries([...this.clients].map(([id, { loss }]) => [id, loss]));
  }
}

/** One viewer on that server, with time and the network in the test's hands. */
class Viewer {
  connection: Connection = initialConnection;
  state: ViewerState | null = null;
  now = 0;
  timerAt: number | null = null;
  open: Extract<Effect, { do: 'open' }> | null = null;
  sentSeq = 0;
  readonly server: ModelServer;

  constructor(server: ModelServer) {
    this.server = server;
  }

  dispatch(event: Event): void {
    const [next, effects] = transition(this.connection, event, { now: this.now, random: () => 0.5 });
    this.connection = next;
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: Effect): void {
    if (effect.do === 'timer') this.timerAt = effect.at;
    if (effect.do === 'close') this.open = null;
    if (effect.do === 'open') this.open = effect;
    if (effect.do !== 'apply') return;
    if (effect.message.type === 'snapshot') this.state = fromSnapshot(effect.message);
    else {
      const next = applyBatch(this.state ?? expect.fail('a batch before any snapshot'), effect.message);
      expect(next).not.toBe('gap');
      this.state = next as ViewerState;
    }
  }

  deliver(message: ServerMessage): void {
    if (!this.open) return;
    this.sentSeq = message.seq;
    this.dispatch({ type: 'text', socket_id: this.open.socket_id, text: JSON.stringify(message) });
  }

  /** Lets time pass until the viewer is connected and has been greeted. */
  settle(): void {
    for (let tries = 0; tries < 50; tries++) {
      const wasOpen = this.open;
      if (wasOpen && this.connection.state === 'connecting') {
        this.dispatch({ type: 'opened', socket_id: wasOpen.socket_id });
        this.deliver(this.server.greet(wasOpen.position));
      }
      if (this.connection.state === 'live') return;
      this.now = Math.max(this.now, this.timerAt ?? this.now);
      this.dispatch({ type: 'timer' });
    }
    expect.fail('never settled');
  }
}

const step = fc.oneof(
  fc.record({ do: fc.constant('change' as const), id: fc.constantFrom('a', 'b', 'c'), loss: fc.integer() }),
  fc.record({ do: fc.constantFrom('push' as const, 'lose' as const, 'cut' as const, 'repeat' as const) }),
  fc.record({ do: fc.constantFrom('new epoch' as const, 'settle' as const) }),
);

it('whatever is lost, cut, repeated or restarted, the viewer ends with what the server knows', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const server = new ModelServer();
      const viewer = new Viewer(server);
      viewer.dispatch({ type: 'start', run_id: null, position: null });
      viewer.settle();
      for (const action of steps) {
        if (action.do === 'change') server.change(action.id, action.loss);
        else if (action.do === 'push') viewer.deliver(server.since(viewer.sentSeq));
        else if (action.do === 'repeat') viewer.deliver(server.since(Math.max(0, viewer.sentSeq - 1)));
        else if (action.do === 'lose') viewer.sentSeq = server.seq;
        else if (action.do === 'new epoch') server.epoch++;
        else if (action.do === 'settle') viewer.settle();
        else if (viewer.open) viewer.dispatch({ type: 'ended', socket_id: viewer.open.socket_id, code: 1006 });
      }
      // One more change, so that a loss at the very end shows as a gap.
      server.change('z', 1);
      viewer.settle();
      viewer.deliver(server.since(viewer.sentSeq));
      viewer.settle();
      const seen = Object.values(viewer.state?.clients ?? {}).map((client) => [client.client_id, client.train_loss]);
      expect(Object.fromEntries(seen)).toEqual(server.losses());
    }),
    { numRuns: 300 },
  );
});

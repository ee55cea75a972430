import { type ClientId, type Fact, factSchema, runIdSchema } from '@rondo/protocol';
import fc from 'fast-check';
import type { Input, Notice } from '../src/ingest/state.ts';
import { noon } from './run-state.ts';

export const streamRunId = runIdSchema.parse('a-stream');

// Few of each, so that facts meet: same client, same round, same moment.
const client_id = fc.constantFrom('a', 'b', 'c');
const round = fc.integer({ min: 1, max: 3 });
const at = fc.integer({ min: 0, max: 6 }).map((second) => `2026-01-31T11:00:0${second}.000Z`);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value);
const figure = maybe(fc.constantFrom(1, 2, 'NaN' as const));
const reason = fc.constantFrom('one', 'another');
const metrics = fc.constantFrom({}, { f1: 1 }, { f1: 2, auc: 1 });

const said = (type: Fact['type'], shape: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Fact> =>
  fc.record({ at, ...shape }).map((fields) => factSchema.parse({ type, run_id: streamRunId, ...fields }));

const named = said('round_started', { round, client_ids: fc.uniqueArray(client_id), deadline: maybe(at) });
const anonymous = said('round_started', {
  round,
  num_clients_expected: fc.integer({ min: 0, max: 5 }),
  deadline: maybe(at),
});

const others = [
  said('run_started', { name: fc.constantFrom('x', 'y'), framework: fc.constant('f'), num_rounds: maybe(round) }),
  said('run_complete', { status: fc.constantFrom('complete', 'failed', 'stopped'), reason: maybe(reason) }),
  said('round_update', { round, status: fc.constantFrom('collecting', 'aggregating') }),
  said('round_complete', { round, global_loss: figure, global_accuracy: figure, metrics }),
  said('client_presence', { client_ids: fc.uniqueArray(client_id), num_needed: maybe(fc.constantFrom(0, 3)) }),
  said('round_failed', { round, reason }),
  said('round_stopped', { round, reason }),
  said('client_joined', { client_id, dataset_size: maybe(fc.constantFrom(1, 2)) }),
  said('client_left', { client_id }),
  said('client_heartbeat', { client_id, system: maybe(fc.constantFrom({ cpu_percent: 1 }, { cpu_percent: 2 })) }),
  said('client_status', {
    client_id,
    status: fc.constantFrom('idle', 'training', 'uploading', 'offline', 'failed'),
    round: maybe(round),
    progress: maybe(fc.constantFrom(0, 0.5, 1)),
  }),
  said('client_result', { client_id, round, sample_count: fc.constantFrom(1, 2), train_loss: figure }),
  said('client_failed', { client_id, round, reason }),
  said('client_no_reply', { client_id, round, waited_ms: maybe(fc.constant(5)) }),
  said('metric', {
    name: fc.constant('lr'),
    value: fc.constantFrom(1, 2, 'NaN'),
    step: round,
    round: maybe(round),
    client_id: maybe(client_id),
  }),
  said('log', { level: fc.constant('info'), message: reason, client_id: maybe(client_id) }),
];

/** The notices that the server's own clock produces about a client. */
const silence: fc.Arbitrary<Notice> = client_id.map((id) => ({
  type: 'client_silent',
  run_id: streamRunId,
  client_id: id as ClientId,
  silent_since: noon,
}));

const fact = (type: Fact['type'], fields: object): Fact =>
  factSchema.parse({ type, run_id: streamRunId, at: '2026-01-31T11:00:00.000Z', ...fields });

const asked = (command_id: string, onRound: number | null): Notice => ({
  type: 'stop_requested',
  command_id,
  run_id: streamRunId,
  round: onRound,
  reason: 'asked to',
  requested_by: 'admin',
  at: '2026-01-31T11:00:01.000Z',
  expires_at: '2026-01-31T11:00:04.000Z',
});

/** A round with a requested stop, in a run with a requested stop. */
const stops: Input[] = [
  fact('round_started', { round: 1, client_ids: ['a', 'b'] }),
  asked('stop-1', 1),
  asked('stop-run', null),
];

const command_id = fc.constantFrom('stop-1', 'stop-run', 'stop-unknown');
const answers = said('command_ack', {
  command_id,
  state: fc.constantFrom('delivered', 'applied', 'rejected'),
  detail: maybe(reason),
});
const expiry: fc.Arbitrary<Notice> = fc
  .record({ command_id, at })
  .map((fields) => ({ type: 'command_expired', run_id: streamRunId, ...fields }));

const counted = said('round_complete', {
  round,
  num_clients_completed: maybe(fc.integer({ min: 0, max: 4 })),
  num_clients_failed: maybe(fc.integer({ min: 0, max: 2 })),
  num_clients_no_reply: maybe(fc.integer({ min: 0, max: 2 })),
});

/** Facts in any order, with silences in between, after a request to stop or none. */
export const anyStream = fc
  .tuple(
    fc.constantFrom([], stops),
    fc.array(fc.oneof(...others, named, anonymous, counted, silence, answers, expiry), { minLength: 1, maxLength: 40 }),
  )
  .map(([before, rest]): Input[] => [...before, ...rest]);

/** As `anyStream`, where every selected client has a name. */
export const namedStream = fc.array(fc.oneof(...others, named, silence), { minLength: 1, maxLength: 40 });

import type { BatchMessage, Client, LiveEvent, Round, Run, SnapshotMessage } from '@rondo/protocol';
import { makeRun } from '@rondo/protocol/testing';

interface SnapshotParts {
  readonly run?: Run;
  readonly rounds?: Round[];
  readonly clients?: Client[];
  readonly metrics_history?: SnapshotMessage['data']['metrics_history'];
  readonly models?: SnapshotMessage['data']['models'];
}

export function makeSnapshot(seq = 0, parts: SnapshotParts = {}, epoch = 'e1'): SnapshotMessage {
  const run = parts.run ?? makeRun();
  return {
    type: 'snapshot',
    run_id: run.run_id,
    epoch,
    seq,
    data: { rounds: [], clients: [], metrics_history: [], models: [], metrics: [], logs: [], ...parts, run },
  };
}

export const makeBatch = (from_seq: number, seq: number, events: LiveEvent[] = [], run = makeRun()): BatchMessage => ({
  type: 'batch',
  run_id: run.run_id,
  from_seq,
  seq,
  events,
});

export const clientUpdate = (client: Client): LiveEvent => ({ type: 'client_update', data: client });

import {
  applyBatch,
  emptyViewerState,
  fromSnapshot,
  type ProjectId,
  type RunId,
  type ServerMessage,
  type ViewerState,
} from '@rondo/protocol';
import { expect, it } from 'vitest';
import { makeRun } from '../../testing/facts.ts';
import { MemorySource } from '../../testing/memory-source.ts';
import { emptySnapshot, readMissing } from './catch-up.ts';

/** Polls as the page does, until an answer brings nothing new. */
async function pollUntilQuiet(source: MemorySource, runId: RunId): Promise<{ state: ViewerState; polls: string[] }> {
  let state = emptyViewerState;
  let known: { epoch?: string; seq?: number; othersSeq?: number } = {};
  const polls: string[] = [];
  for (let poll = 0; poll < 20; poll++) {
    const message: ServerMessage = JSON.parse((await readMissing(source, null, { runId, ...known })) ?? 'null');
    polls.push(message.type);
    if (message.type === 'snapshot') {
      if (message.run_id === null) throw new Error('there is no run');
      state = fromSnapshot(message);
      known = {
        epoch: message.epoch,
        seq: message.seq,
        ...(message.complete_at && { othersSeq: message.complete_at }),
      };
      continue;
    }
    const next = applyBatch(state, message);
    if (next === 'gap') throw new Error('a gap');
    state = next;
    known = { ...known, seq: message.seq };
    if (message.seq === message.from_seq) return { state, polls };
  }
  throw new Error('the answers never end');
}

it('[S13] a poller ends with what a socket would have brought, in one part or in many', async () => {
  for (const pageClients of [1_000, 2]) {
    const source = new MemorySource();
    source.pageClients = pageClients;
    source.maxChanges = 3;
    const run = makeRun();
    for (let n = 0; n < 6; n++) source.commit([run.say('client_joined', { client_id: `c${n}` })]);
    for (let n = 0; n < 4; n++) source.commit([run.say('log', { level: 'info', message: `line ${n}` })]);
    const { state, polls } = await pollUntilQuiet(source, run.id);
    expect(Object.keys(state.clients).sort()).toEqual(['c0', 'c1', 'c2', 'c3', 'c4', 'c5']);
    expect(state.logs).toHaveLength(4);
    expect(polls.filter((type) => type === 'snapshot')).toHaveLength(1);
    expect(polls.length > 3).toBe(pageClients === 2);
  }
});

it('[S13] answers only about runs that the viewer may see', async () => {
  const source = new MemorySource();
  expect(await readMissing(source, null, { runId: undefined })).toBe(emptySnapshot);
  const run = makeRun();
  source.commit([run.say('client_joined', { client_id: 'a' })]);
  expect(await readMissing(source, ['elsewhere' as ProjectId], { runId: run.id })).toBeUndefined();
  expect(await readMissing(source, null, { runId: 'missing' as RunId })).toBeUndefined();
  expect(JSON.parse((await readMissing(source, null, { runId: undefined })) ?? '')).toMatchObject({ run_id: run.id });
});

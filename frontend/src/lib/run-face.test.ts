import { makeRun } from '@rondo/protocol/testing';
import { expect, it } from 'vitest';
import { faviconOf, runTitle, toneOf } from './run-face.ts';

const condition = (state: string) => ({ state, since: '2026-01-31T12:00:00.000Z', detail: null });
const run = (given: Parameters<typeof makeRun>[0], state = 'healthy') =>
  makeRun({ ...given, condition: condition(state) });

it('the title of a tab names the round, the state and the run', () => {
  const fleet = { name: 'edge-fleet', current_round: 12, num_rounds: 100 };
  expect(runTitle(run(fleet, 'overdue'))).toBe('R12/100 · overdue · edge-fleet · Rondo');
  expect(runTitle(run(fleet))).toBe('R12/100 · running · edge-fleet · Rondo');
  expect(runTitle(run({ name: 'new', current_round: null, num_rounds: null }))).toBe('running · new · Rondo');
});

it.each(['overdue', 'silent', 'waiting_for_clients'])('a run that is %s never looks healthy', (state) => {
  expect(toneOf(run({}, state))).toBe('warning');
  expect(faviconOf(toneOf(run({}, state)))).not.toBe(faviconOf('good'));
  expect(runTitle(run({}, state))).not.toContain('running');
});

it('a run that is over has no condition', () => {
  expect(toneOf(run({ status: 'complete' }, 'silent'))).toBe('plain');
  expect(runTitle(run({ status: 'failed' }, 'silent'))).toContain('failed');
});

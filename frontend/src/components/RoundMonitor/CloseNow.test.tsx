import { makeRound, makeRun } from '@rondo/protocol/testing';
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { beforeEach, expect, it } from 'vitest';
import { useFLStore } from '../../store/fl-store.ts';
import { renderLive, showRun } from '../../test/render-live.tsx';
import { changesOf, serve, signInAs } from '../../test/serve.ts';
import { CloseNow } from './CloseNow.tsx';

const run = makeRun();
const round = makeRound({ num_clients_expected: 4, num_clients_completed: 3 });
const waiting = {
  run_id: 'run-1',
  round: 1,
  cause: 'clients_running',
  sentence: 'It waits for one client.',
  since: null,
  elapsed_ms: 20_000,
  outstanding: [
    {
      client_id: 'slow',
      status: 'training',
      is_online: true,
      progress: null,
      elapsed_ms: 20_000,
      usual_ms: 50_000,
      bound_ms: 60_000,
      num_durations: 9,
      is_bound_pooled: false,
      is_beyond_bound: false,
    },
  ],
  num_outstanding: 1,
  num_unnamed: 0,
  num_beyond_bound: 0,
  expected_end: { state: 'none', sentence: '' },
  closing_now: {
    num_counted: 3,
    num_missing: 1,
    missing: ['slow'],
    time_saved_ms: 30_000,
    examples_lost_share: 0.25,
    worst_tenth_of_all: null,
    worst_tenth_of_counted: null,
    differences: [],
    sentence: 'Closing it now would save 30 s and lose one client.',
  },
  funnel: { round: null, run: null },
  asynchronous: null,
};

let asked: ReturnType<typeof serve>;
beforeEach(() => {
  useFLStore.getState().reset();
  asked = serve({ 'GET /api/runs/run-1/waiting': waiting, 'POST /api/rounds/101/stop': round });
  showRun({ run, rounds: [round] });
});

it('shows what closing saves and loses, now and after a further wait, and closes only with a reason', async () => {
  signInAs('admin');
  renderLive(<CloseNow round={round} run={run} />);
  fireEvent.click(await screen.findByRole('button', { name: 'Close now…' }));
  const dialog = await screen.findByTestId('close-now-dialog');
  const row = (name: string) =>
    within(within(dialog).getByRole('rowheader', { name }).closest('tr') as HTMLElement)
      .getAllByRole('cell')
      .map((cell) => cell.textContent?.replaceAll('\u202f', ' '));
  expect(row('clients that count')).toEqual(['3']);
  expect(row('examples lost')).toEqual(['25.0 %']);
  fireEvent.change(within(dialog).getByRole('slider'), { target: { value: '30000' } });
  expect(row('clients that count')).toEqual(['3', '4']);
  expect(row('time saved')).toEqual(['30 s', '0 ms']);
  const close = within(dialog).getByRole('button', { name: 'Close round 1 now' });
  expect(close).toHaveProperty('disabled', true);
  fireEvent.change(within(dialog).getByRole('textbox'), { target: { value: 'enough' } });
  fireEvent.click(close);
  await waitFor(() => expect(screen.queryByTestId('close-now-dialog')).toBeNull());
  expect(changesOf(asked)).toMatchObject([
    { what: 'POST /api/rounds/101/stop', body: { reason: 'enough', scope: 'round' } },
  ]);
});

it('is not offered to a viewer, nor where the FL server cannot close a round', async () => {
  signInAs('viewer');
  const view = renderLive(<CloseNow round={round} run={run} />);
  view.unmount();
  expect(asked).toEqual([]);
  signInAs('admin');
  renderLive(<CloseNow round={round} run={makeRun({ commands_supported: [] })} />);
  await waitFor(() => expect(asked.length).toBeGreaterThan(0));
  expect(screen.queryByRole('button')).toBeNull();
});

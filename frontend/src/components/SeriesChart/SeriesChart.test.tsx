import { makeClient, makeRound } from '@rondo/protocol/testing';
import { fireEvent, screen, waitFor } from '@testing-library/react';
import { beforeEach, expect, it } from 'vitest';
import { useFLStore } from '../../store/fl-store.ts';
import { renderLive, showRun } from '../../test/render-live.tsx';
import { Refused, type Routes, serve, signInAs } from '../../test/serve.ts';
import { SeriesChart } from './SeriesChart.tsx';

const series = {
  run_id: 'run-1',
  name: 'lr',
  client_id: null,
  total: 1_000_000,
  sampled: true,
  step: [0, 500_000, 1_000_000],
  value: [0.1, 9, 'NaN'],
  at: ['2026-01-31T12:00:00.000Z', '2026-01-31T12:00:01.000Z', '2026-01-31T12:00:02.000Z'],
};

let routes: Routes;
let asked: ReturnType<typeof serve>;
beforeEach(() => {
  useFLStore.getState().reset();
  signInAs('viewer');
  routes = { 'GET /api/metrics/series': series };
  asked = serve(routes);
  showRun({ rounds: [makeRound({ metrics: { auc: 0.9 } })] });
});

const open = (address = '/?name=lr') => renderLive(<SeriesChart />, address);
const last = () =>
  new URLSearchParams(asked.findLast(({ what }) => what === 'GET /api/metrics/series')?.url.split('?')[1]);
const namesOf = (...names: string[]) => ({ items: names.map((name) => ({ name, points: 1 })), total: names.length });

it('says how much is shown of how much, and what is a gap', async () => {
  open();
  await screen.findByText('1,000,000 values as the 3 lowest and highest of their stretches; zoom in for each');
  screen.getByText(/1 NaN or infinite value shown as a gap/);
});

it('fetches the range that is zoomed to, and the whole range after a reset', async () => {
  open();
  await screen.findByRole('slider');
  expect(last().has('from')).toBe(false);
  routes['GET /api/metrics/series'] = { ...series, total: 2, sampled: false, step: [500_000, 500_001], value: [1, 9] };
  fireEvent.click(screen.getByRole('button', { name: 'Zoom in on the newest half' }));
  await screen.findByText('all 2 values');
  expect([last().get('from'), last().get('to')]).toEqual(['500000', '1000000']);
  fireEvent.click(screen.getByRole('button', { name: 'Reset zoom' }));
  await waitFor(() => expect(screen.queryByRole('button', { name: 'Reset zoom' })).toBeNull());
  await screen.findByText(/1,000,000 values/);
});

it('picks another series by name and client', async () => {
  open();
  await screen.findByRole('slider');
  fireEvent.change(screen.getByLabelText('Name'), { target: { value: ' train_loss ' } });
  fireEvent.change(screen.getByLabelText('Client'), { target: { value: 'c1' } });
  fireEvent.click(screen.getByRole('button', { name: 'Show' }));
  await waitFor(() => expect([last().get('name'), last().get('client_id')]).toEqual(['train_loss', 'c1']));
});

it("suggests the server's own names, and a client's once its id is whole", async () => {
  showRun({ clients: [makeClient({ client_id: 'c12' })] });
  routes['GET /api/metrics/names'] = namesOf('auc', 'lr');
  const { container } = open();
  const suggested = () => [...container.querySelectorAll('datalist option')].map((each) => each.getAttribute('value'));
  await waitFor(() => expect(suggested()).toEqual(['auc', 'lr', 'c12']));
  const type = (value: string) => fireEvent.change(screen.getByLabelText('Client'), { target: { value } });
  routes['GET /api/metrics/names'] = namesOf('batch_loss');
  type('c1');
  expect(suggested()).toEqual(['c12']);
  type('c12');
  await waitFor(() => expect(suggested()).toEqual(['batch_loss', 'c12']));
  const questions = asked
    .filter(({ what, url }) => what === 'GET /api/metrics/names' && url.endsWith('limit=500'))
    .map(({ url }) => url.split('?')[1]);
  expect(questions).toEqual(['run_id=run-1&limit=500', 'run_id=run-1&client_id=c12&limit=500']);
});

it('never shows the values of one series under the name of another', async () => {
  open();
  await screen.findByRole('slider');
  fireEvent.change(screen.getByLabelText('Name'), { target: { value: 'loss' } });
  fireEvent.click(screen.getByRole('button', { name: 'Show' }));
  // The answer is still the one to the question before.
  await screen.findByRole('status', { name: 'The series load' });
  expect(screen.queryByRole('slider')).toBeNull();
});

it('empty and failed have their own faces', async () => {
  routes['GET /api/metrics/series'] = { ...series, total: 0, step: [], value: [], at: [] };
  const { unmount } = open();
  await screen.findByText('No values of “lr”');
  unmount();
  routes['GET /api/metrics/series'] = new Refused(503, 'The database does not answer.');
  open();
  expect((await screen.findByRole('alert')).textContent).toContain('The database does not answer.');
});

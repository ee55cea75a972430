import { makeRun } from '@rondo/protocol/testing';
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { beforeEach, expect, it } from 'vitest';
import { useFLStore } from '../../store/fl-store.ts';
import { renderLive, showRun } from '../../test/render-live.tsx';
import { serve } from '../../test/serve.ts';
import { MetricWall } from './MetricWall.tsx';

const names = ['lr', 'train/acc', 'train/loss', 'val/loss'];
const seriesOf = (name: string) => ({
  run_id: 'run-1',
  name,
  client_id: null,
  total: 2,
  sampled: false,
  step: [1, 2],
  value: [2, 0.5],
  at: ['2026-01-31T12:00:00.000Z', '2026-01-31T12:00:01.000Z'],
});

let asked: ReturnType<typeof serve>;
beforeEach(() => {
  useFLStore.getState().reset();
  showRun({ run: makeRun({ status: 'complete' }) });
  asked = serve({
    'GET /api/metrics/names': {
      items: names.map((name) => ({ name, points: 2 })),
      total: names.length,
      limit: 10_000,
      offset: 0,
      run_id: 'run-1',
      client_id: null,
    },
    'GET /api/metrics/series': { items: names.map(seriesOf) },
  });
});

const shown = () => screen.queryAllByTestId('metric-card').map((card) => card.dataset.name);
const open = async (address = '/') => {
  renderLive(<MetricWall run_id="run-1" />, address);
  await screen.findAllByTestId('metric-card');
};

it('shows each name in its section, and fetches several series in one request', async () => {
  await open();
  expect(shown()).toEqual(['lr', 'train/acc', 'train/loss', 'val/loss']);
  await waitFor(() => expect(screen.getAllByText('0.500')).toHaveLength(4));
  const requests = asked.filter(({ what }) => what === 'GET /api/metrics/series');
  const wanted = requests.map(({ url }) => new URLSearchParams(url.split('?')[1]).getAll('name'));
  expect(wanted).toContainEqual(['train/acc', 'train/loss']);
});

it('finds names by the regular expression in the address, and says when it is none', async () => {
  await open('/?q=/loss$/');
  expect(shown()).toEqual(['train/loss', 'val/loss']);
  fireEvent.change(screen.getByRole('searchbox'), { target: { value: '/(/' } });
  expect((await screen.findByRole('alert')).textContent).toContain('cannot be read');
});

it('keeps a pin at the top, and takes it back', async () => {
  await open();
  fireEvent.click(screen.getByRole('button', { name: 'Pin val/loss' }));
  await screen.findByRole('button', { name: /^Pinned/ });
  expect(shown()[0]).toBe('val/loss');
  expect(localStorage.getItem('rondo-metric-pins')).toBe('["val/loss"]');
  fireEvent.click(screen.getAllByRole('button', { name: 'Unpin val/loss' })[0] as HTMLElement);
  await waitFor(() => expect(screen.queryByRole('button', { name: /^Pinned/ })).toBeNull());
});

it('folds a section', async () => {
  await open();
  fireEvent.click(screen.getByRole('button', { name: /^train/ }));
  expect(shown()).toEqual(['lr', 'val/loss']);
});

it('leads to the large chart of a name', async () => {
  await open('/?smooth=0.6');
  const card = screen.getAllByTestId('metric-card')[1] as HTMLElement;
  expect(within(card).getByRole('link').getAttribute('href')).toBe('/?smooth=0.6&name=train%2Facc');
});

import { fireEvent, screen, within } from '@testing-library/react';
import { beforeEach, expect, it } from 'vitest';
import { useFLStore } from '../../store/fl-store.ts';
import { renderLive, showRun } from '../../test/render-live.tsx';
import { serve } from '../../test/serve.ts';
import { MetricsChart } from './MetricsChart.tsx';

beforeEach(() => useFLStore.getState().reset());

const chart = () => screen.getByTestId('metrics-chart');
const history = [
  { round: 1, loss: 1.5, accuracy: 0.4 },
  { round: 2, loss: 'NaN' as const, accuracy: 0.5 },
  { round: 3, loss: 0, accuracy: null },
];

it('says what will be drawn before any value has come', () => {
  showRun({});
  renderLive(<MetricsChart />);
  screen.getByText('No values yet');
  expect(chart().dataset.points).toBe('0');
});

it('Metrics chart updates live as rounds complete: counts what it draws, from the snapshot on', () => {
  showRun({ metrics_history: history });
  renderLive(<MetricsChart />);
  expect(chart().dataset.points).toBe('3');
  expect(chart().dataset.lastRound).toBe('3');
  screen.getByText('1 NaN or infinite value shown as a gap');
});

it('says what a log axis cannot show', () => {
  showRun({ metrics_history: history });
  renderLive(<MetricsChart />);
  fireEvent.change(screen.getByLabelText('Vertical axis'), { target: { value: 'log' } });
  screen.getByText('1 value at or below 0 not on the log axis');
  expect(chart().dataset.points).toBe('2');
});

it('can be read by keyboard: arrow keys speak the values of a round', () => {
  showRun({ metrics_history: history });
  renderLive(<MetricsChart />);
  const slider = screen.getByRole('slider');
  const spoken = () => slider.getAttribute('aria-valuetext')?.replaceAll('\u202f', ' ');
  fireEvent.keyDown(slider, { key: 'Home' });
  expect(spoken()).toBe('round 1: loss 1.500, accuracy 40.0 %');
  fireEvent.keyDown(slider, { key: 'ArrowRight' });
  expect(spoken()).toBe('round 2: loss NaN, accuracy 50.0 %');
  fireEvent.keyDown(slider, { key: 'End' });
  expect(spoken()).toBe('round 3: loss 0.000, accuracy not reported');
});

it('has the same values as a table, newest first', () => {
  showRun({ metrics_history: history });
  renderLive(<MetricsChart />, '/?view=table');
  const rows = screen.getAllByRole('row').slice(1);
  expect(rows.map((row) => within(row).getByRole('rowheader').textContent)).toEqual(['3', '2', '1']);
  within(rows[1] as HTMLElement).getByText('NaN');
});

it('keeps what the user zoomed to while values come in, and shows all again on request', () => {
  showRun({ metrics_history: history });
  renderLive(<MetricsChart />);
  fireEvent.click(screen.getByRole('button', { name: 'Zoom in on the newest half' }));
  showRun({ metrics_history: [...history, { round: 4, loss: 1, accuracy: 1 }] });
  fireEvent.click(screen.getByRole('button', { name: 'Reset zoom' }));
  expect(screen.queryByRole('button', { name: 'Reset zoom' })).toBeNull();
});

it('shows how the clients are spread, and says where no client reported it', async () => {
  const figures = {
    n: 9,
    num_not_finite: 0,
    min: 0,
    p10: 0,
    q1: 0.5,
    median: 0.6,
    q3: 0.75,
    p90: 1,
    max: 2,
    worst_tenth_mean: 1.75,
    jain_index: null,
  };
  serve({
    'GET /api/runs/run-1/dispersion': {
      run_id: 'run-1',
      measure: 'train_loss',
      worst: 'greatest',
      measures: ['train_loss', 'train_accuracy'],
      items: [
        { round: 1, status: 'complete', dispersion: figures, num_unnamed: 0 },
        { round: 2, status: 'failed', dispersion: null, num_unnamed: 0 },
      ],
    },
  });
  showRun({ metrics_history: history });
  renderLive(<MetricsChart />);
  await screen.findByText('middle half of the clients');
  screen.getByText('failed round');
  screen.getByText('worst tenth');
  const slider = screen.getByRole('slider');
  fireEvent.keyDown(slider, { key: 'Home' });
  expect(slider.getAttribute('aria-valuetext')).toContain('worst tenth 1.750');
  fireEvent.change(screen.getByLabelText('Spread of the clients'), { target: { value: 'train_accuracy' } });
  await screen.findByText('no client reported train accuracy');
});

it('is looked at as the address says', async () => {
  serve({});
  showRun({ metrics_history: history });
  renderLive(<MetricsChart />, '/?smooth=0.6&y=fit&from=1&to=2&x=round');
  expect((screen.getByLabelText('Smoothing') as HTMLSelectElement).value).toBe('0.6');
  expect((screen.getByLabelText('Vertical axis') as HTMLSelectElement).value).toBe('fit');
  screen.getByRole('button', { name: 'Reset zoom' });
});

import { fireEvent, screen, within } from '@testing-library/react';
import { useState } from 'react';
import { beforeEach, expect, it } from 'vitest';
import type { Range } from '../../charts/types.ts';
import { useFLStore } from '../../store/fl-store.ts';
import { renderLive, showRun } from '../../test/render-live.tsx';
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
  renderLive(<MetricsChart zoom={null} onZoom={() => {}} />);
  screen.getByText('No values yet');
  expect(chart().dataset.points).toBe('0');
});

it('Metrics chart updates live as rounds complete: counts what it draws, from the snapshot on', () => {
  showRun({ metrics_history: history });
  renderLive(<MetricsChart zoom={null} onZoom={() => {}} />);
  expect(chart().dataset.points).toBe('3');
  expect(chart().dataset.lastRound).toBe('3');
  screen.getByText('1 NaN or infinite value shown as a gap');
});

it('says what a log axis cannot show', () => {
  showRun({ metrics_history: history });
  renderLive(<MetricsChart zoom={null} onZoom={() => {}} />);
  fireEvent.click(screen.getByRole('button', { name: 'log' }));
  screen.getByText('1 value at or below 0 not on the log axis');
  expect(chart().dataset.points).toBe('2');
});

it('can be read by keyboard: arrow keys speak the values of a round', () => {
  showRun({ metrics_history: history });
  renderLive(<MetricsChart zoom={null} onZoom={() => {}} />);
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
  renderLive(<MetricsChart zoom={null} onZoom={() => {}} />);
  fireEvent.click(screen.getByRole('button', { name: 'table' }));
  const rows = screen.getAllByRole('row').slice(1);
  expect(rows.map((row) => within(row).getByRole('rowheader').textContent)).toEqual(['3', '2', '1']);
  within(rows[1] as HTMLElement).getByText('NaN');
});

it('keeps what the user zoomed to while values come in, and shows all again on request', () => {
  showRun({ metrics_history: history });
  function Page() {
    const [zoom, setZoom] = useState<Range | null>(null);
    return <MetricsChart zoom={zoom} onZoom={setZoom} />;
  }
  renderLive(<Page />);
  fireEvent.click(screen.getByRole('button', { name: 'Zoom in on the newest half' }));
  showRun({ metrics_history: [...history, { round: 4, loss: 1, accuracy: 1 }] });
  fireEvent.click(screen.getByRole('button', { name: 'Reset zoom' }));
  expect(screen.queryByRole('button', { name: 'Reset zoom' })).toBeNull();
});

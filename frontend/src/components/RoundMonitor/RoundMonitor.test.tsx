import { makeClient, makeRound, makeRun } from '@rondo/protocol/testing';
import { screen } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import { useFLStore } from '../../store/fl-store.ts';
import { renderLive, showRun } from '../../test/render-live.tsx';
import { signInAs } from '../../test/serve.ts';
import { RoundMonitor } from './RoundMonitor.tsx';

beforeEach(() => {
  useFLStore.getState().reset();
  signInAs('viewer');
});

describe('the running round', () => {
  it('Dashboard shows correct round progress % in real-time: the four parts sum to "selected"', () => {
    showRun({
      rounds: [
        makeRound({
          round: 14,
          num_clients_expected: 50,
          num_clients_completed: 36,
          num_clients_failed: 2,
          num_clients_no_reply: 1,
        }),
      ],
    });
    renderLive(<RoundMonitor />);
    const bar = screen.getByRole('progressbar');
    expect(bar.getAttribute('aria-valuenow')).toBe('39');
    expect(bar.getAttribute('aria-valuemax')).toBe('50');
    for (const words of ['36 returned', '2 failed', '1 no reply', '11 waiting']) screen.getByText(words);
    screen.getByText(/50 selected/);
  });

  it('names those it waits for, longest silent first, and counts the rest', () => {
    const clients = [3, 1, 2, 4].map((n) =>
      makeClient({ client_id: `c${n}`, last_heartbeat: `2026-01-31T12:00:0${n}.000Z` }),
    );
    showRun({
      rounds: [makeRound()],
      clients: [...clients, makeClient({ client_id: 'done', round_outcome: 'complete' })],
    });
    const { container } = renderLive(<RoundMonitor />);
    expect(container.textContent).toContain('waiting on c1, c2 and 2 more');
  });

  it('tells its phase by more than colour', () => {
    showRun({ rounds: [makeRound({ status: 'aggregating' })] });
    renderLive(<RoundMonitor />);
    expect(screen.getByText('aggregating').getAttribute('aria-current')).toBe('step');
  });
});

describe('[B10] a run that is complete while its last round was never closed', () => {
  it('has no running clock, no client to wait for, and no phase under way', () => {
    const started_at = '2026-01-31T12:00:00.000Z';
    showRun({
      rounds: [makeRound({ started_at })],
      run: makeRun({ status: 'complete', completed_at: '2026-01-31T12:05:00.000Z' }),
      clients: [makeClient()],
    });
    renderLive(<RoundMonitor />);
    expect(screen.getByText('took').parentElement?.textContent).toBe('took5:00');
    expect(screen.queryByText(/waiting on/)).toBeNull();
    screen.getByText('never closed');
    expect(screen.getByRole('status').textContent).toContain('never closed round 1');
  });
});

it('[B20] a traceback keeps its line breaks', () => {
  const reason = 'Traceback (most recent call last):\n  File "a.py", line 1\nMemoryError';
  showRun({ rounds: [makeRound({ status: 'complete' })], run: makeRun({ status: 'failed', reason }) });
  const { container } = renderLive(<RoundMonitor />);
  expect(container.querySelector('pre')?.textContent).toBe(reason);
});

describe('its other faces', () => {
  it('before the first round it says what comes next', () => {
    showRun({});
    renderLive(<RoundMonitor />);
    screen.getByText('No round has started yet');
  });

  it.each([
    [{ status: 'failed', reason: 'not enough clients' }, {}, 'Round 1 failed: not enough clients'],
    [{ status: 'stopped', stop_reason: 'wrong data' }, {}, 'Round 1 was stopped: wrong data'],
    [{ status: 'complete' }, { status: 'complete' }, 'The run is complete.'],
    [{ status: 'complete' }, { status: 'failed', reason: 'out of memory' }, 'The run failed: out of memory'],
    [{ status: 'stopped' }, { status: 'stopped', reason: null }, 'The run was stopped'],
  ])('%o in a run %o says "%s"', (round, run, words) => {
    showRun({ rounds: [makeRound(round)], run: makeRun(run) });
    renderLive(<RoundMonitor />);
    expect(screen.getByRole('status').textContent).toBe(words);
  });
});

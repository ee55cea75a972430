import { makeRound } from '@rondo/protocol/testing';
import { screen, within } from '@testing-library/react';
import { beforeEach, expect, it } from 'vitest';
import { useFLStore } from '../../store/fl-store.ts';
import { renderLive, showRun } from '../../test/render-live.tsx';
import { bestRound } from './best-round.ts';
import { RecentRounds } from './RecentRounds.tsx';

beforeEach(() => useFLStore.getState().reset());

it('says what comes next before a round has finished', () => {
  showRun({ rounds: [makeRound()] });
  renderLive(<RecentRounds />);
  screen.getByText('No round has finished yet');
});

it('lists finished rounds, newest first, marks the best, and shows NaN as NaN', () => {
  const done = { status: 'complete', completed_at: '2026-01-31T12:00:48.000Z' };
  showRun({
    rounds: [
      makeRound({ ...done, round: 1, global_accuracy: 0.9, global_loss: 0.1 }),
      makeRound({ ...done, round: 2, global_accuracy: 0.8, global_loss: 'NaN' }),
      makeRound({ round: 3 }),
    ],
    metrics_history: [
      { round: 1, loss: 0.1, accuracy: 0.9 },
      { round: 2, loss: 'NaN', accuracy: 0.8 },
    ],
  });
  renderLive(<RecentRounds />);
  const [, second, first] = screen.getAllByRole('row');
  within(second as HTMLElement).getByText('NaN');
  within(first as HTMLElement).getByText('best');
  within(first as HTMLElement).getByText('0:48');
});

it('the best round has the highest accuracy, or else the lowest loss', () => {
  expect(
    bestRound([
      { round: 1, loss: 0.2, accuracy: null },
      { round: 2, loss: 0.1, accuracy: null },
      { round: 3, loss: 'NaN', accuracy: null },
    ]),
  ).toBe(2);
  expect(bestRound([])).toBeNull();
});

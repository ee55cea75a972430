import { makeRun } from '@rondo/protocol/testing';
import { screen, waitFor } from '@testing-library/react';
import { beforeEach, expect, it } from 'vitest';
import { useFLStore } from '../../store/fl-store.ts';
import { renderLive, showRun } from '../../test/render-live.tsx';
import { serve, signInAs } from '../../test/serve.ts';
import { Convergence } from './Convergence.tsx';

const run = makeRun();
const unknown = { slope: null, slope_low: null, slope_high: null, detectable_slope: null };
const base = { run_id: run.run_id, measure: 'loss', num_evaluations: 50, from_round: 11, to_round: 60, ...unknown };

beforeEach(() => {
  useFLStore.getState().reset();
  signInAs('viewer');
  showRun({ run });
});

const show = (answer: object) => {
  serve({ [`GET /api/runs/${run.run_id}/convergence`]: { ...base, ...answer } });
  renderLive(<Convergence run_id={run.run_id} />);
};

it('[G17] a plateau is stated with the interval of the slope and what could not have been seen', async () => {
  const sentence = 'The loss shows no change over the last 50 evaluations.';
  show({ state: 'plateau', sentence, slope: 0.0001, slope_low: -0.0004, slope_high: 0.0012, detectable_slope: 0.0011 });
  expect(await screen.findByText(sentence)).toBeTruthy();
  const panel = screen.getByTestId('convergence');
  expect(panel.querySelector('[data-state=plateau]')?.textContent).toBe('no change seen');
  expect(panel.textContent).toContain('−0.0004 and +0.0012');
  expect(panel.textContent).toContain('Unseen if smaller0.0011');
  expect(screen.getByRole('img').getAttribute('aria-label')).toContain('between −0.0004 and +0.0012');
});

it('[G17] below 20 evaluations it says how many there are, and claims nothing', async () => {
  const sentence = '7 evaluations of the loss are too few to say that it does not change: that needs 20.';
  show({ state: 'not_known', num_evaluations: 7, sentence });
  expect(await screen.findByText(sentence)).toBeTruthy();
  expect(screen.getByTestId('convergence-progress').textContent).toBe('7 of 20 evaluations');
  expect(screen.queryByRole('img')).toBeNull();
  expect(screen.queryByText('no change seen')).toBeNull();
});

it('shows nothing where no round has a loss or an accuracy', async () => {
  const asked = serve({
    [`GET /api/runs/${run.run_id}/convergence`]: { ...base, measure: null, state: 'not_known', sentence: 'Nothing.' },
  });
  renderLive(<Convergence run_id={run.run_id} />);
  await waitFor(() => expect(asked).toHaveLength(1));
  expect(screen.queryByTestId('convergence')).toBeNull();
});

import { makeRun } from '@rondo/protocol/testing';
import { fireEvent, screen, within } from '@testing-library/react';
import { beforeEach, expect, it } from 'vitest';
import { useFLStore } from '../../store/fl-store.ts';
import { renderLive, showRun } from '../../test/render-live.tsx';
import { serve, signInAs } from '../../test/serve.ts';
import { Participation } from './Participation.tsx';

const run = makeRun();
const item = (client_id: string, selected: number, z: number | null, verdict: string) => ({
  client_id,
  available: 100,
  selected,
  counted: selected,
  share: selected / 100,
  z,
  p_value: z === null ? null : 0.001,
  verdict,
});

beforeEach(() => {
  useFLStore.getState().reset();
  signInAs('viewer');
  showRun({ run });
});

const show = (items: readonly object[], sentence: string) => {
  const counts = { num_under_selected: 1, num_over_selected: 1 };
  const answer = { run_id: run.run_id, num_rounds: 101, jain_index: 0.9, gini: 0.1, items, total: 300, sentence };
  serve({ [`GET /api/runs/${run.run_id}/participation`]: { ...answer, ...counts } });
  renderLive(<Participation run_id={run.run_id} />);
};
const names = () =>
  within(screen.getByRole('table'))
    .getAllByRole('rowheader')
    .map(({ textContent }) => textContent);

it('[G18] shows those that the test names, with the test, and the others on request', async () => {
  const sentence = 'Of 3 clients, 1 client is selected less often than chance explains and 1 more often.';
  show(
    [
      item('rare', 6, -5.2, 'under_selected'),
      item('usual', 30, 0.1, 'as_expected'),
      item('often', 80, 11, 'over_selected'),
    ],
    sentence,
  );
  expect(await screen.findByText(sentence)).toBeTruthy();
  expect(names()).toEqual(['rare', 'often']);
  expect(screen.getByText('less often than chance explains')).toBeTruthy();
  expect(screen.getByText('-5.200')).toBeTruthy();
  fireEvent.change(screen.getByLabelText('Which clients'), { target: { value: 'all' } });
  expect(names()).toEqual(['rare', 'usual', 'often']);
  expect(screen.getByText('3 of 300 clients')).toBeTruthy();
});

it('[G18] says nothing of chance where every client takes part in every round', async () => {
  const sentence = 'Every client is selected in every round in which it is there.';
  show([item('a', 100, null, 'not_known'), item('b', 100, null, 'not_known')], sentence);
  expect(await screen.findByText(sentence)).toBeTruthy();
  expect(names()).toEqual(['a', 'b']);
  expect(screen.queryByText('not judged')).toBeNull();
  expect(screen.queryByRole('columnheader', { name: 'z' })).toBeNull();
});

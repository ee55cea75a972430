import { makeModel } from '@rondo/protocol/testing';
import { screen, within } from '@testing-library/react';
import { beforeEach, expect, it } from 'vitest';
import { applyMessages, useFLStore } from '../../store/fl-store.ts';
import { makeBatch } from '../../test/factories.ts';
import { renderLive, showRun } from '../../test/render-live.tsx';
import { ModelTable } from './ModelTable.tsx';

beforeEach(() => useFLStore.getState().reset());

const words = () => screen.getByTestId('model-table').textContent?.replaceAll('\u202f', ' ');

it('says what to do while there is no checkpoint', () => {
  showRun({});
  renderLive(<ModelTable />);
  screen.getByText('No checkpoint yet');
});

it('shows each checkpoint with its aliases, lineage, figures, size, parameters and digest', () => {
  showRun({ models: [makeModel()] });
  renderLive(<ModelTable />);
  for (const text of ['v13', 'best', 'latest', '13', 'v12', '86.1 %', '0.412', '11.2 M', '44.7 MB', 'abcdef01']) {
    expect(words()).toContain(text);
  }
  expect(screen.getByRole('link', { name: 'v13' }).getAttribute('href')).toBe('/?model=v13&model_run=run-1');
  expect(screen.getByRole('link', { name: 'v12' }).getAttribute('href')).toBe('/?model=v12&model_run=run-1');
  expect(screen.getByRole('link', { name: 'Round 13' }).getAttribute('href')).toBe('/runs/run-1/rounds/13');
  screen.getByRole('button', { name: 'Download v13' });
});

it('shows the newest eight, and says of how many', () => {
  const models = Array.from({ length: 9 }, (_, n) =>
    makeModel({ version: `v${n}`, created_at: `2026-01-31T12:00:0${n}.000Z` }),
  );
  showRun({ models });
  renderLive(<ModelTable />);
  expect(words()).toContain('newest 8 of 9');
  expect(screen.getAllByRole('rowheader')[0]?.textContent).toContain('v8');
});

it('follows the live stream: a deleted checkpoint leaves the table', async () => {
  showRun({ models: [makeModel(), makeModel({ version: 'v14' })] });
  renderLive(<ModelTable />);
  expect(screen.getAllByRole('rowheader')).toHaveLength(2);
  const { viewer } = useFLStore.getState();
  const { run_id, version } = makeModel();
  const event = { type: 'model_deleted', data: { run_id, version } } as const;
  useFLStore.setState({ viewer: applyMessages(viewer, [makeBatch(1, 2, [event])]) });
  await screen.findByText('1 checkpoint', { exact: false });
  expect(within(screen.getByTestId('model-table')).queryByRole('link', { name: 'v13' })).toBeNull();
});

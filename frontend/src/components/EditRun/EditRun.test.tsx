import { makeRun } from '@rondo/protocol/testing';
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { beforeEach, expect, it } from 'vitest';
import { useFLStore } from '../../store/fl-store.ts';
import { renderLive, showRun } from '../../test/render-live.tsx';
import { renderPage } from '../../test/render-page.tsx';
import { changesOf, Refused, type Routes, serve, signInAs } from '../../test/serve.ts';
import { RunHeader } from '../RunHeader/RunHeader.tsx';
import { RunNotes } from '../RunNotes/RunNotes.tsx';
import { RunTable } from '../RunTable/RunTable.tsx';

const summary = {
  last: {},
  best: {},
  sparkline: [],
  sparkline_of: null,
  num_rounds: 0,
  num_rounds_failed: 0,
  num_clients: 0,
  duration_ms: null,
  bytes_up: 0,
  bytes_down: 0,
  epsilon: null,
};
const run = { ...makeRun({ name: 'mnist', tags: ['baseline'], notes: 'with the old data' }), summary };
const pageOf = (...items: unknown[]) => ({ items, total: items.length, limit: 100, offset: 0 });

let routes: Routes;
let asked: ReturnType<typeof serve>;
beforeEach(() => {
  useFLStore.getState().reset();
  signInAs('admin');
  routes = { 'GET /api/runs': pageOf(run), 'PATCH /api/runs/run-1': run, 'DELETE /api/runs/run-1': '' };
  asked = serve(routes);
});

const openTable = () => renderPage('/runs', <RunTable />, '/runs');
const openDialog = async () => {
  fireEvent.click(await screen.findByRole('button', { name: 'Edit mnist' }));
  return within(await screen.findByTestId('edit-run'));
};
const fill = (label: string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } });

it('the list of runs shows tags and notes; a viewer sees nothing to change them with', async () => {
  signInAs('viewer');
  openTable();
  await screen.findByText('with the old data');
  screen.getByRole('button', { name: 'baseline' });
  expect(screen.queryByRole('button', { name: /^Edit/ })).toBeNull();
  expect(screen.queryByRole('columnheader', { name: 'Edit' })).toBeNull();
});

it('an admin changes name, tags and notes, and the list shows it at once', async () => {
  openTable();
  const dialog = await openDialog();
  const save = dialog.getByRole<HTMLButtonElement>('button', { name: 'Save' });
  expect(save.disabled).toBe(true);
  fill('Name', '');
  expect(save.disabled).toBe(true);
  fill('Name', 'cifar');
  fill('Tags, with commas between them', 'baseline, good');
  fill('Notes', 'with the new data');
  routes['GET /api/runs'] = pageOf({ ...run, name: 'cifar' });
  fireEvent.click(save);
  await screen.findByRole('link', { name: 'cifar' });
  await waitFor(() => expect(screen.queryByTestId('edit-run')).toBeNull());
  expect(changesOf(asked)).toMatchObject([
    { body: { name: 'cifar', tags: ['baseline', 'good'], notes: 'with the new data' } },
  ]);
});

it('a refusal shows the server’s words, and the typed text stays', async () => {
  routes['PATCH /api/runs/run-1'] = new Refused(404, 'there is no run run-1');
  openTable();
  const dialog = await openDialog();
  fill('Notes', 'y');
  fireEvent.click(dialog.getByRole('button', { name: 'Save' }));
  expect((await dialog.findByRole('alert')).textContent).toContain('there is no run run-1');
  expect(screen.getByLabelText<HTMLTextAreaElement>('Notes').value).toBe('y');
});

it('deletes only after a question that names the run and says that it still runs', async () => {
  openTable();
  const dialog = await openDialog();
  fireEvent.click(dialog.getByRole('button', { name: 'Delete this run…' }));
  const question = within(await screen.findByTestId('confirm-dialog'));
  question.getByText('Delete mnist?');
  question.getByText(/It is still running/);
  expect(changesOf(asked)).toEqual([]);
  routes['GET /api/runs'] = pageOf();
  fireEvent.click(question.getByRole('button', { name: 'Delete the run' }));
  await screen.findByText('No run yet');
  expect(changesOf(asked).map(({ what }) => what)).toEqual(['DELETE /api/runs/run-1']);
});

it('what was opened is what is saved, also when the page moves on to a newer run', async () => {
  showRun({ run });
  renderLive(<RunHeader />);
  const dialog = await openDialog();
  fill('Notes', 'y');
  showRun({ run: makeRun({ run_id: 'run-2', name: 'newer' }) });
  await screen.findByText('newer');
  fireEvent.click(dialog.getByRole('button', { name: 'Save' }));
  await waitFor(() =>
    expect(changesOf(asked)).toMatchObject([{ what: 'PATCH /api/runs/run-1', body: { notes: 'y' } }]),
  );
});

it('the header has the first tags and how many more; of a run that is gone it offers nothing', async () => {
  showRun({ run: makeRun({ name: 'mnist', tags: ['a', 'b', 'c', 'd', 'e'] }) });
  renderLive(<RunHeader />);
  expect(screen.getByRole('list', { name: 'Tags' }).textContent).toBe('#a#b#c+2');
  useFLStore.setState(({ link }) => ({ link: { ...link, is_missing: true } }));
  await waitFor(() => expect(screen.queryByRole('button', { name: 'Edit mnist' })).toBeNull());
});

it('the live page shows notes, long ones folded, and nothing where there are none', async () => {
  showRun({ run: makeRun({ notes: 'short' }) });
  const { unmount } = renderLive(<RunNotes />);
  await screen.findByText('short');
  expect(screen.queryByRole('button')).toBeNull();
  unmount();
  showRun({ run: makeRun({ notes: 'a\nb\nc\nd' }) });
  const again = renderLive(<RunNotes />);
  const more = screen.getByRole('button', { name: 'All of the notes' });
  fireEvent.click(more);
  expect(more.getAttribute('aria-expanded')).toBe('true');
  again.unmount();
  showRun({ run: makeRun({ notes: ' \n' }) });
  expect(renderLive(<RunNotes />).container.textContent).toBe('');
});

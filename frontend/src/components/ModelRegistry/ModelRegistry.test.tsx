import { makeModel, makeRun } from '@rondo/protocol/testing';
import { fireEvent, screen, waitFor } from '@testing-library/react';
import { beforeEach, expect, it } from 'vitest';
import { applyMessages, useFLStore } from '../../store/fl-store.ts';
import { makeBatch } from '../../test/factories.ts';
import { renderLive, showRun } from '../../test/render-live.tsx';
import { Refused, type Routes, serve, signInAs } from '../../test/serve.ts';
import { ModelRegistry } from './ModelRegistry.tsx';

const page = (items: unknown[], total = items.length) => ({ items, total, limit: 50, offset: 0 });
let routes: Routes;
let asked: ReturnType<typeof serve>;

beforeEach(() => {
  useFLStore.getState().reset();
  signInAs('viewer');
  routes = {
    'GET /api/runs': page([makeRun(), makeRun({ run_id: 'run-2', name: 'another run' })]),
    'GET /api/models': page([makeModel(), makeModel({ version: 'w1', run_id: 'run-2', parent: null })]),
  };
  asked = serve(routes);
});

const open = (address = '/') => renderLive(<ModelRegistry />, address);
const questions = () => asked.filter(({ what }) => what === 'GET /api/models').map(({ url }) => url);

it('lists the models of every run, each with its run', async () => {
  open();
  await screen.findByRole('link', { name: 'v13' });
  const run = await screen.findByRole('link', { name: 'another run' });
  expect(run.getAttribute('href')).toBe('/runs/run-2');
  screen.getByText('2 checkpoints, newest first');
});

it('filters by run, from the first page on, and pages through the rest', async () => {
  routes['GET /api/models'] = page([makeModel()], 120);
  open('/?offset=50');
  await screen.findByText('51–100 of 120');
  await screen.findByRole('option', { name: 'another run' });
  fireEvent.change(screen.getByLabelText('Run'), { target: { value: 'run-2' } });
  await waitFor(() => expect(questions().at(-1)).toBe('/api/models?run_id=run-2&limit=50&offset=0'));
  fireEvent.click(screen.getByRole('button', { name: 'Older' }));
  await waitFor(() => expect(questions().at(-1)).toBe('/api/models?run_id=run-2&limit=50&offset=50'));
});

it('fetches the list again when the live stream reports a model', async () => {
  showRun({});
  open();
  await screen.findByRole('link', { name: 'v13' });
  const before = questions().length;
  routes['GET /api/models'] = page([makeModel({ version: 'v14' })]);
  const { viewer } = useFLStore.getState();
  const event = { type: 'model_saved', data: makeModel({ version: 'v14' }) } as const;
  useFLStore.setState({ viewer: applyMessages(viewer, [makeBatch(1, 2, [event])]) });
  await screen.findByRole('link', { name: 'v14' });
  expect(questions().length).toBe(before + 1);
});

it('empty says how a model gets there, failed says what went wrong', async () => {
  routes['GET /api/models'] = page([]);
  const { unmount } = open();
  await screen.findByText('No checkpoint yet');
  unmount();
  routes['GET /api/models'] = new Refused(503, 'The database does not answer.');
  open();
  expect((await screen.findByRole('alert')).textContent).toContain('The database does not answer.');
});

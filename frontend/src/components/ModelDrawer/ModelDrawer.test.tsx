import { makeModel } from '@rondo/protocol/testing';
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import { useFLStore } from '../../store/fl-store.ts';
import { renderLive } from '../../test/render-live.tsx';
import { changesOf, Refused, type Routes, serve, signInAs } from '../../test/serve.ts';
import { ModelDrawer } from './ModelDrawer.tsx';

const detail = {
  ...makeModel({ aliases: ['best', 'pilot'] }),
  tensors: [
    { name: 'weight', dtype: 'F32', shape: [10, 60] },
    { name: 'bias', dtype: 'F32', shape: [] },
  ],
  tensor_count: 2,
  created_by: 'hospital server',
  round_metrics: { global_accuracy: 0.861, fairness: 'NaN' },
};
const alias = (name: string, version: string, is_automatic = false) => ({
  alias: name,
  version,
  previous_version: name === 'pilot' ? 'v12' : null,
  set_at: '2026-01-31T12:00:00.000Z',
  set_by: is_automatic ? null : 'grace',
  is_automatic,
});
let routes: Routes;
let asked: ReturnType<typeof serve>;

beforeEach(() => {
  useFLStore.getState().reset();
  signInAs('admin');
  const items = [alias('best', 'v13', true), alias('pilot', 'v13'), alias('stable', 'v5')];
  routes = {
    'GET /api/models/v13': detail,
    'GET /api/runs/run-1/aliases': { items, total: items.length },
    'DELETE /api/models/v13': '',
    'PUT /api/runs/run-1/aliases/stable': alias('stable', 'v13'),
    'POST /api/runs/run-1/aliases/pilot/rollback': alias('pilot', 'v12'),
    'DELETE /api/runs/run-1/aliases/pilot': '',
  };
  asked = serve(routes);
});

const open = async () => {
  renderLive(<ModelDrawer />, '/?model=v13');
  await screen.findByRole('table', { name: 'Tensors' });
};
const press = (name: string | RegExp) => fireEvent.click(screen.getByRole('button', { name }));
const confirm = async (verb: string) =>
  fireEvent.click(within(await screen.findByTestId('confirm-dialog')).getByRole('button', { name: verb }));
const changes = () => changesOf(asked).map(({ what, body }) => [what, body]);

it('shows where it came from, what is in it, and what its round measured', async () => {
  await open();
  const drawer = screen.getByTestId('model-drawer');
  for (const text of [
    'run-1',
    'v12',
    'hospital server',
    detail.sha256,
    '11,173,962',
    'fairness',
    '10 × 60',
    'scalar',
  ]) {
    expect(drawer.textContent).toContain(text);
  }
});

it('a checkpoint that is gone says so', async () => {
  routes['GET /api/models/v13'] = new Refused(404, 'there is no model v13');
  renderLive(<ModelDrawer />, '/?model=v13');
  expect((await screen.findByRole('alert')).textContent).toContain('there is no model v13');
});

it('what is not safetensors says that its inside is unknown', async () => {
  routes['GET /api/models/v13'] = { ...detail, tensors: [], tensor_count: 0, format: 'pickle' };
  renderLive(<ModelDrawer />, '/?model=v13');
  await screen.findByText('Nothing is known of its inside');
});

describe('aliases', () => {
  it('a viewer sees them and can change nothing', async () => {
    signInAs('viewer');
    await open();
    await screen.findByText(/kept by the server/);
    screen.getByText(/by grace/);
    for (const name of ['Set', 'Roll back…', 'Remove…', 'Delete…']) {
      expect(screen.queryByRole('button', { name })).toBeNull();
    }
  });

  it("the server's own cannot be changed by an admin either", async () => {
    await open();
    await screen.findByText(/kept by the server/);
    expect(screen.getAllByRole('button', { name: 'Remove…' })).toHaveLength(1);
  });

  it('a name that another version has is moved only after asking', async () => {
    await open();
    fireEvent.change(await screen.findByLabelText(/Another alias/), { target: { value: ' stable ' } });
    press('Set');
    expect(changes()).toEqual([]);
    expect((await screen.findByTestId('confirm-dialog')).textContent).toContain('It points at v5 now');
    await confirm('Move');
    await waitFor(() => expect(changes()).toEqual([['PUT /api/runs/run-1/aliases/stable', { version: 'v13' }]]));
  });

  it('is rolled back and removed only after asking', async () => {
    await open();
    await screen.findByText(/by grace/);
    press('Roll back…');
    expect((await screen.findByTestId('confirm-dialog')).textContent).toContain('It points at v12 again');
    await confirm('Roll back');
    await waitFor(() => expect(changes()).toHaveLength(1));
    press('Remove…');
    await confirm('Remove');
    await waitFor(() =>
      expect(changes().map(([what]) => what)).toEqual([
        'POST /api/runs/run-1/aliases/pilot/rollback',
        'DELETE /api/runs/run-1/aliases/pilot',
      ]),
    );
  });

  it('one that never pointed elsewhere has nothing to roll back to', async () => {
    const items = [{ ...alias('pilot', 'v13'), previous_version: null }];
    routes['GET /api/runs/run-1/aliases'] = { items, total: 1 };
    await open();
    await screen.findByRole('button', { name: 'Remove…' });
    expect(screen.queryByRole('button', { name: 'Roll back…' })).toBeNull();
  });

  it('says what the server says when there is nothing to roll back to', async () => {
    routes['POST /api/runs/run-1/aliases/pilot/rollback'] = new Refused(409, 'pilot has no version before this one');
    await open();
    await screen.findByText(/by grace/);
    press('Roll back…');
    await confirm('Roll back');
    expect((await screen.findByRole('alert')).textContent).toContain('pilot has no version before this one');
  });
});

it('is deleted only after asking, and then closes', async () => {
  await open();
  press('Delete…');
  expect((await screen.findByTestId('confirm-dialog')).textContent).toContain('“best” and “pilot”');
  await confirm('Delete v13');
  await waitFor(() => expect(screen.queryByTestId('model-drawer')).toBeNull());
  expect(changes().map(([what]) => what)).toEqual(['DELETE /api/models/v13']);
});

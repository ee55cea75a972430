import { makeClient, makeRound } from '@rondo/protocol/testing';
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { useLocation } from 'react-router';
import { beforeEach, expect, it } from 'vitest';
import { useFLStore } from '../../store/fl-store.ts';
import { renderLive, showRun } from '../../test/render-live.tsx';
import { changesOf, serve, signInAs } from '../../test/serve.ts';
import { ClientDrawer } from './ClientDrawer.tsx';

const Address = () => {
  const { pathname, search } = useLocation();
  return <output>{pathname + search}</output>;
};

const item = {
  rule: 'update_norm_unusual',
  severity: 'critical',
  client_id: 'b',
  round: 9,
  since_round: 4,
  detail: 'its update norm is 1010× its usual one',
  evidence: {},
};
const attention = {
  run_id: 'run-1',
  items: [item, { ...item, client_id: 'c', detail: 'another client' }],
  total: 2,
  muted_items: [],
  mutes: [],
  from_round: 1,
  to_round: 9,
  budget: { false_marks_per_100_rounds: 1, num_clients: 3, statement: '' },
};

let asked: ReturnType<typeof serve>;
beforeEach(() => {
  useFLStore.getState().reset();
  asked = serve({
    'GET /api/runs/run-1/attention': attention,
    'GET /api/clients/b/history': { client_id: 'b', items: [], total: 0, limit: 10_000, next: null },
    'PUT /api/runs/run-1/attention/mutes': {},
  });
  showRun({
    rounds: [makeRound()],
    clients: ['a', 'b', 'c'].map((client_id) =>
      makeClient({ client_id, round_outcome: 'complete', status: 'idle', is_online: false }),
    ),
  });
  useFLStore.getState().listClients(['a', 'b', 'c']);
});

const open = () =>
  renderLive(
    <>
      <ClientDrawer />
      <Address />
    </>,
    '/?client=b',
  );

it('shows outcome and presence apart, and what of this client needs attention', async () => {
  signInAs('viewer');
  open();
  const drawer = await screen.findByTestId('client-drawer');
  within(drawer).getByText('returned');
  within(drawer).getByText('offline');
  await within(drawer).findByText('its update norm is 1010× its usual one');
  expect(within(drawer).queryByText('another client')).toBeNull();
  expect(within(drawer).queryByRole('button', { name: /^Mute/ })).toBeNull();
});

it('an admin mutes one rule for the client', async () => {
  signInAs('admin');
  open();
  fireEvent.click(await screen.findByRole('button', { name: 'Mute “update norm unusual” for this client' }));
  await waitFor(() => expect(changesOf(asked)).toHaveLength(1));
  expect(changesOf(asked)[0]?.body).toEqual({ client_id: 'b', rule: 'update_norm_unusual', reason: '' });
});

it('steps through the list of the page by arrow keys, and opens the page of a client by Enter', async () => {
  open();
  fireEvent.keyDown(await screen.findByTestId('client-drawer'), { key: 'ArrowDown' });
  await screen.findByText('/?client=c');
  fireEvent.keyDown(screen.getByTestId('client-drawer'), { key: 'ArrowUp' });
  await screen.findByText('/?client=b');
  fireEvent.keyDown(screen.getByTestId('client-drawer'), { key: 'Escape' });
  await waitFor(() => expect(screen.queryByTestId('client-drawer')).toBeNull());
});

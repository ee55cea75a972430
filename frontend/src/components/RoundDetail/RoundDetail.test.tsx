import { type ClientUpdate, clientUpdateSchema } from '@rondo/protocol';
import { makeClient, makeRound, makeRun } from '@rondo/protocol/testing';
import { act, fireEvent, screen, within } from '@testing-library/react';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { useFLStore } from '../../store/fl-store.ts';
import { renderLive, showRun } from '../../test/render-live.tsx';
import { Refused, type Routes, serve, signInAs } from '../../test/serve.ts';
import { RoundDetail } from './RoundDetail.tsx';
import { updatesCsv } from './updates-csv.ts';

const makeUpdate = (client_id: string, given: Partial<Record<keyof ClientUpdate, unknown>> = {}): ClientUpdate =>
  clientUpdateSchema.parse({
    round_id: 101,
    round: 1,
    run_id: 'run-1',
    client_id,
    attempt: 1,
    outcome: 'complete',
    sample_count: 100,
    train_loss: 0.5,
    metrics: {},
    duration_ms: 900,
    bytes_up: null,
    bytes_down: null,
    update_norm: null,
    cosine_to_mean: null,
    cosine_to_previous: null,
    error: null,
    submitted_at: '2026-01-31T12:00:00.000Z',
    ...given,
  });

const updates = [
  makeUpdate('c10', { train_loss: 'NaN', metrics: { f1: 0.4 } }),
  makeUpdate('c2', { outcome: 'failed', error: 'out of memory', train_loss: null, sample_count: null }),
  makeUpdate('c1', { train_loss: 0.25 }),
];
const round = makeRound({ status: 'complete', metrics: { auc: 0.9 }, model_version: 'v1' });

let routes: Routes;
let asked: ReturnType<typeof serve>;
beforeEach(() => {
  useFLStore.getState().reset();
  signInAs('viewer');
  routes = {
    'GET /api/rounds': { items: [round], total: 1, limit: 200, offset: 0 },
    'GET /api/rounds/101': { ...round, client_updates: updates },
  };
  asked = serve(routes);
});

const open = (number = 1) => renderLive(<RoundDetail run_id="run-1" round={number} />);
const names = async () =>
  within(await screen.findByRole('table', { name: 'Clients of the round' }))
    .getAllByRole('rowheader')
    .map((head) => head.textContent);

describe('one round', () => {
  it('shows what it measured and what each client returned', async () => {
    showRun({ rounds: [round] });
    open();
    expect(await names()).toEqual(['c2', 'c10', 'c1']);
    for (const words of ['auc', 'f1', 'NaN']) screen.getByText(words);
    within(screen.getByTestId('failure-reasons')).getByText('out of memory');
    expect(screen.getByRole('link', { name: 'v1' }).getAttribute('href')).toBe('/?model=v1');
  });

  it('sorts by any column, those without a value last', async () => {
    showRun({ rounds: [round] });
    open();
    await names();
    fireEvent.click(screen.getByRole('button', { name: 'Loss' }));
    expect(await names()).toEqual(['c1', 'c10', 'c2']);
    expect(screen.getByRole('columnheader', { name: 'Loss' }).getAttribute('aria-sort')).toBe('ascending');
    fireEvent.click(screen.getByRole('button', { name: 'Client' }));
    fireEvent.click(screen.getByRole('button', { name: 'Client' }));
    expect(await names()).toEqual(['c10', 'c2', 'c1']);
  });

  it('shows the clients of one reason, and all again', async () => {
    showRun({ rounds: [round] });
    open();
    await names();
    const reason = within(screen.getByTestId('failure-reasons')).getByRole('button', { name: /out of memory/ });
    fireEvent.click(reason);
    expect(await names()).toEqual(['c2']);
    expect(reason.getAttribute('aria-pressed')).toBe('true');
    fireEvent.click(screen.getByRole('button', { name: 'Show all' }));
    expect(await names()).toHaveLength(3);
  });

  it('shows the clients of a bar, by keyboard', async () => {
    showRun({ rounds: [round] });
    open();
    await names();
    const bars = screen.getByRole('slider', { name: /^Loss, histogram/ });
    expect(bars.getAttribute('aria-valuetext')).toBe('1 bars');
    fireEvent.keyDown(bars, { key: 'ArrowRight' });
    expect(bars.getAttribute('aria-valuetext')).toBe('0.250 to 0.250: 1 client');
    fireEvent.keyDown(bars, { key: 'Enter' });
    expect(await names()).toEqual(['c1']);
    fireEvent.keyDown(bars, { key: 'Escape' });
    expect(await names()).toHaveLength(3);
  });

  it('[B14] fetches nothing while nothing happens', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    try {
      showRun({ rounds: [makeRound({ status: 'collecting' })], clients: [] });
      routes['GET /api/rounds'] = { items: [makeRound()], total: 1, limit: 200, offset: 0 };
      routes['GET /api/rounds/101'] = { ...makeRound(), client_updates: [makeUpdate('c1', { outcome: 'pending' })] };
      open();
      await names();
      const before = asked.length;
      await act(() => vi.advanceTimersByTimeAsync(60_000));
      expect(asked.slice(before).map(({ what }) => what)).toEqual([]);
      act(() => showRun({ rounds: [makeRound({ num_clients_completed: 1 })] }));
      await act(() => vi.advanceTimersByTimeAsync(5_000));
      expect(asked.length).toBeGreaterThan(before);
    } finally {
      vi.useRealTimers();
    }
  });

  it('finds clients by name and by outcome', async () => {
    showRun({ rounds: [round] });
    open();
    await names();
    fireEvent.change(screen.getByLabelText('Outcome'), { target: { value: 'failed' } });
    expect(await names()).toEqual(['c2']);
    fireEvent.change(screen.getByLabelText('Search clients by name'), { target: { value: 'c1' } });
    screen.getByText('No client matches');
  });

  it('[B2] finds one that is older than what the live stream keeps, whatever holes the numbers have', async () => {
    showRun({ rounds: [makeRound({ round: 520, round_id: 400 })], run: makeRun({ current_round: 520 }) });
    routes['GET /api/rounds'] = {
      items: [makeRound({ round: 4, round_id: 102 }), makeRound({ round: 1, round_id: 101 })],
      total: 2,
      limit: 200,
      offset: 0,
    };
    open();
    expect(await names()).toHaveLength(3);
    expect(asked.map(({ what }) => what)).toContain('GET /api/rounds/101');
  });

  it('[B17] leads only to rounds that exist', async () => {
    const holes = [2, 4, 6].map((number) => makeRound({ round: number, round_id: 100 + number, status: 'complete' }));
    showRun({ rounds: holes });
    routes['GET /api/rounds'] = { items: [...holes].reverse(), total: 3, limit: 200, offset: 0 };
    for (const { round: number, round_id } of holes) {
      routes[`GET /api/rounds/${round_id}`] = { ...makeRound({ round: number, round_id }), client_updates: [] };
    }
    const view = open(4);
    await screen.findByTestId('round-facts');
    const steps = () => within(screen.getByRole('navigation', { name: 'Rounds' })).queryAllByRole('link');
    expect(steps().map((link) => link.getAttribute('href'))).toEqual(['/runs/run-1/rounds/2', '/runs/run-1/rounds/6']);
    view.unmount();
    open(6);
    await screen.findByTestId('round-facts');
    expect(steps().map((link) => link.getAttribute('href'))).toEqual(['/runs/run-1/rounds/4']);
  });

  it('[B14] shows an outcome as soon as the stream has it', async () => {
    showRun({ rounds: [makeRound({ status: 'collecting' })], clients: [] });
    routes['GET /api/rounds'] = { items: [makeRound()], total: 1, limit: 200, offset: 0 };
    routes['GET /api/rounds/101'] = {
      ...makeRound(),
      client_updates: [makeUpdate('c1', { outcome: 'pending', train_loss: null })],
    };
    open();
    const table = await screen.findByRole('table', { name: 'Clients of the round' });
    within(table).getByText('pending');
    act(() =>
      showRun({
        rounds: [makeRound({ num_clients_completed: 1 })],
        clients: [makeClient({ client_id: 'c1', round_outcome: 'complete', train_loss: 0.375 })],
      }),
    );
    await within(table).findByText('returned');
    within(table).getByText('0.375');
    within(screen.getByTestId('round-facts')).getByText('1 returned');
  });

  it('says that there is no such round', async () => {
    showRun({ rounds: [round] });
    open(7);
    await screen.findByText('There is no round 7 in this run');
  });

  it('says what went wrong', async () => {
    showRun({ rounds: [round] });
    routes['GET /api/rounds/101'] = new Refused(503, 'The database does not answer.');
    open();
    expect((await screen.findByRole('alert')).textContent).toContain('The database does not answer.');
  });
});

it('the CSV has every client and every metric under its name on the wire', () => {
  const [head, first, second] = updatesCsv(updates).split('\r\n');
  expect(head).toBe(
    'client_id,outcome,sample_count,train_loss,duration_ms,bytes_up,bytes_down,update_norm,cosine_to_mean,submitted_at,error,metrics.f1',
  );
  expect(first).toBe('c10,complete,100,NaN,900,,,,,2026-01-31T12:00:00.000Z,,0.4');
  expect(second).toBe('c2,failed,,,900,,,,,2026-01-31T12:00:00.000Z,out of memory,');
});

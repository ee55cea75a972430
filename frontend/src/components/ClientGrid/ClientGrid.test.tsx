import { makeClient, makeRound } from '@rondo/protocol/testing';
import { act, fireEvent, screen } from '@testing-library/react';
import { Profiler } from 'react';
import { useLocation } from 'react-router';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { applyMessages, useFLStore } from '../../store/fl-store.ts';
import { clientUpdate, makeBatch } from '../../test/factories.ts';
import { renderLive, showRun } from '../../test/render-live.tsx';
import { ClientCell } from './ClientCell.tsx';
import { ClientGrid } from './ClientGrid.tsx';

beforeEach(() => {
  useFLStore.getState().reset();
  // The virtualiser asks for a height that jsdom does not have.
  vi.spyOn(Element.prototype, 'clientHeight', 'get').mockReturnValue(404);
  vi.spyOn(Element.prototype, 'clientWidth', 'get').mockReturnValue(360);
});
afterEach(() => vi.restoreAllMocks());

const many = (count: number) => Array.from({ length: count }, (_, n) => makeClient({ client_id: `c${n + 1}` }));
const cards = () => screen.getAllByTestId('client-card');

const change = (seq: number, client: ReturnType<typeof makeClient>) => {
  const { viewer } = useFLStore.getState();
  const next = applyMessages(viewer, [makeBatch(seq, seq + 1, [clientUpdate(client)])]);
  act(() => useFLStore.setState({ viewer: next }));
};

it('React renders on every WS message: a client renders only when that client changes', () => {
  showRun({ rounds: [makeRound()], clients: many(50) });
  const renders: Record<string, number> = {};
  const nothing = () => {};
  renderLive(
    Array.from({ length: 50 }, (_, n) => `c${n + 1}`).map((id) => (
      <Profiler key={id} id={id} onRender={() => (renders[id] = (renders[id] ?? 0) + 1)}>
        <ClientCell
          id={id}
          name={id}
          look="card"
          column={1}
          isTabStop={false}
          severity={null}
          onPoint={nothing}
          onOpen={nothing}
        />
      </Profiler>
    )),
  );
  for (let seq = 1; seq <= 20; seq++) change(seq, makeClient({ client_id: 'c7', progress: seq / 20 }));
  expect(renders.c7).toBe(21);
  expect(Object.entries(renders).filter(([id, count]) => id !== 'c7' && count !== 1)).toEqual([]);
});

describe('what it shows', () => {
  it('a face by word and glyph, never by colour alone', () => {
    showRun({ rounds: [makeRound()], clients: [makeClient({ round_outcome: 'failed' })] });
    renderLive(<ClientGrid />);
    const card = screen.getByRole('button', { name: 'c1: failed' });
    expect(card.dataset.face).toBe('failed');
    expect(card.querySelector('svg')).not.toBeNull();
  });

  it('how many are online', () => {
    showRun({ rounds: [makeRound()], clients: [...many(2), makeClient({ client_id: 'gone', is_online: false })] });
    renderLive(<ClientGrid />);
    screen.getByText('2 of 3 online');
  });

  it('who needs attention first', () => {
    showRun({
      rounds: [makeRound()],
      clients: [
        makeClient({ client_id: 'a', round_outcome: 'complete' }),
        makeClient({ client_id: 'b' }),
        makeClient({ client_id: 'c', round_outcome: 'no_reply' }),
        makeClient({ client_id: 'd', round_outcome: 'failed' }),
      ],
    });
    renderLive(<ClientGrid />);
    expect(cards().map((card) => card.dataset.client)).toEqual(['d', 'c', 'b', 'a']);
  });

  it('only those that the filter names, and says so when there is none', async () => {
    showRun({ rounds: [makeRound()], clients: many(12) });
    renderLive(<ClientGrid />);
    const filter = screen.getByLabelText('Filter clients by name');
    await act(async () => fireEvent.change(filter, { target: { value: 'C1' } }));
    expect(cards().map((card) => card.dataset.client)).toEqual(['c1', 'c10', 'c11', 'c12']);
    await act(async () => fireEvent.change(filter, { target: { value: 'zebra' } }));
    screen.getByText('No client is called “zebra”');
  });

  it('what comes next when no client has joined', () => {
    showRun({});
    renderLive(<ClientGrid />);
    screen.getByText('No client has joined yet');
  });

  it('of 10,000 clients, only those in view exist', () => {
    showRun({ rounds: [makeRound()], clients: many(10_000) });
    renderLive(<ClientGrid />);
    expect(cards().length).toBeGreaterThan(0);
    expect(cards().length).toBeLessThan(1_500);
  });
});

const Address = () => <output>{useLocation().search}</output>;

describe('by keyboard', () => {
  it('one client has the tab stop, and arrow keys move it', () => {
    showRun({ rounds: [makeRound()], clients: many(50) });
    renderLive(<ClientGrid />);
    const stops = () => cards().filter((card) => card.tabIndex === 0);
    expect(stops().map((card) => card.dataset.client)).toEqual(['c1']);
    act(() => stops()[0]?.focus());
    fireEvent.keyDown(document.activeElement ?? document.body, { key: 'ArrowRight' });
    expect((document.activeElement as HTMLElement).dataset.client).toBe('c2');
    expect(stops()).toHaveLength(1);
  });

  it('opens the details of a client', () => {
    showRun({ rounds: [makeRound()], clients: many(3) });
    renderLive(
      <>
        <ClientGrid />
        <Address />
      </>,
    );
    fireEvent.click(screen.getByRole('button', { name: 'c2: training' }));
    screen.getByText('?client=c2');
  });
});

import { makeClient } from '@rondo/protocol/testing';
import { act, render } from '@testing-library/react';
import { useEffect, useState } from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { useFLStore } from '../store/fl-store.ts';
import { makeSnapshot } from '../test/factories.ts';
import { FakeSocket } from '../test/fake-socket.ts';
import { useSlowFLData } from './useFLData.ts';
import { useWebSocket } from './useWebSocket.ts';

vi.mock('../api/auth.ts', () => ({ getTicket: async () => 'ticket' }));

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
  vi.stubGlobal('WebSocket', FakeSocket);
});
afterEach(() => vi.useRealTimers());

const flush = () => act(() => vi.advanceTimersByTimeAsync(0));

describe('useWebSocket', () => {
  const heard: number[] = [];
  let renderAgain: (value: number) => void = () => {};

  function Probe({ run_id }: { run_id: string | null }) {
    const [value, setValue] = useState(0);
    useEffect(() => {
      renderAgain = setValue;
    }, []);
    useWebSocket({
      run_id,
      getPosition: () => null,
      onMessage: () => heard.push(value),
      onAlert: () => {},
      onChange: () => {},
    });
    return null;
  }

  it('Stale WS state in React closure: a message meets the newest state, and a render never reconnects', async () => {
    const view = render(<Probe run_id={null} />);
    await flush();
    FakeSocket.last().opens();
    act(() => renderAgain(42));
    FakeSocket.last().says(makeSnapshot(1));
    expect(heard).toEqual([42]);
    expect(FakeSocket.all).toHaveLength(1);
    view.unmount();
  });

  it('opens another connection for another run, and closes with 1000 on unmount', async () => {
    const view = render(<Probe run_id={null} />);
    await flush();
    view.rerender(<Probe run_id="run-2" />);
    await flush();
    expect(FakeSocket.all.map((socket) => socket.closedWith)).toEqual([[1000], []]);
    expect(FakeSocket.last().url).toContain('run_id=run-2');
    view.unmount();
    expect(FakeSocket.last().closedWith).toEqual([1000]);
  });
});

describe('useSlowFLData', () => {
  const select = vi.fn((state: { viewer: { clients: object } }) => Object.keys(state.viewer.clients).length);

  function Count() {
    return <>{useSlowFLData(select, 1_000, Object.is, [])}</>;
  }

  const join = (count: number) =>
    act(() =>
      useFLStore.setState(({ viewer }) => ({
        viewer: {
          ...viewer,
          clients: Object.fromEntries(Array.from({ length: count }, (_, n) => [`c${n}`, makeClient()])),
        },
      })),
    );

  it('computes a costly view at most once per interval, and ends with the latest', () => {
    useFLStore.getState().reset();
    const view = render(<Count />);
    act(() => vi.advanceTimersByTime(1_000));
    select.mockClear();
    for (let count = 1; count <= 30; count++) join(count);
    expect(select).toHaveBeenCalledTimes(1);
    act(() => vi.advanceTimersByTime(1_000));
    expect(select).toHaveBeenCalledTimes(2);
    expect(view.container.textContent).toBe('30');
  });
});

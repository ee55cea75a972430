import { render } from '@testing-library/react';
import type { ReactNode } from 'react';
import { MemoryRouter, Route, Routes } from 'react-router';
import { SWRConfig } from 'swr';
import { initialConnection } from '../live/connection.ts';
import type { Connection } from '../live/connection-types.ts';
import { applyMessages, useFLStore } from '../store/fl-store.ts';
import { makeSnapshot } from './factories.ts';

const { state: _, ...memory } = initialConnection;

export const liveLink = (last_heard_at = Date.now()): Connection => ({
  ...memory,
  state: 'live',
  socket_id: 1,
  since: 0,
  pinged_at: null,
  last_heard_at,
});

export const waitingLink = (last_heard_at: number | null): Connection => ({
  ...memory,
  state: 'waiting',
  retry_at: Date.now() + 3_000,
  last_heard_at,
});

/** Puts a run into the store, as the stream would. */
export function showRun(parts: Parameters<typeof makeSnapshot>[1], link: Connection = liveLink()): void {
  const { viewer } = useFLStore.getState();
  useFLStore.setState({ viewer: applyMessages(viewer, [makeSnapshot(1, parts)]), link });
}

export function renderLive(children: ReactNode, address = '/') {
  return render(
    <SWRConfig value={{ provider: () => new Map(), shouldRetryOnError: false }}>
      <MemoryRouter initialEntries={[address]}>
        <Routes>
          <Route path="/" element={children} />
          <Route path="/runs/:run_id" element={children} />
        </Routes>
      </MemoryRouter>
    </SWRConfig>,
  );
}

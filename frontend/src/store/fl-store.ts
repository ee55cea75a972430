import {
  applyBatch,
  emptyViewerState,
  fromSnapshot,
  type Round,
  type ServerMessage,
  type ViewerState,
} from '@rondo/protocol';
import { create } from 'zustand';
import { immer } from 'zustand/middleware/immer';
import { initialConnection } from '../live/connection.ts';
import type { Connection } from '../live/connection-types.ts';

/** A run as it was at a moment. */
export interface PastView {
  readonly atMs: number;
  readonly viewer: ViewerState;
  /** All of them, oldest first; a viewer's state has the newest. */
  readonly rounds: readonly Round[];
}

export interface FLState {
  /** Replaced whole by pure functions of the protocol, never drafted: drafting 10,000 clients would cost frames. */
  readonly viewer: ViewerState;
  readonly link: Connection;
  /** A snapshot has come, so that an empty `viewer` means that there is no run. */
  readonly is_loaded: boolean;
  /** Shown instead of `viewer` while a moment is looked at. It belongs to one run. */
  readonly past: PastView | null;
  /** The clients that the page lists, in its order, so that the drawer can step through them. */
  readonly ui: { readonly listed_clients: readonly string[] };
  listClients(client_ids: readonly string[]): void;
  showPast(past: PastView | null): void;
  /** Forgets the run, as when another is picked or the session ends. */
  reset(): void;
}

export const useFLStore = create<FLState>()(
  immer((set) => ({
    viewer: emptyViewerState,
    link: initialConnection,
    is_loaded: false,
    past: null,
    ui: { listed_clients: [] },
    showPast: (past) => set({ past }),
    listClients: (client_ids) =>
      set((state) => {
        state.ui.listed_clients = client_ids as string[];
      }),
    reset: () =>
      set({
        viewer: emptyViewerState,
        link: initialConnection,
        is_loaded: false,
        past: null,
        ui: { listed_clients: [] },
      }),
  })),
);

/** The moment that is looked at, if it is one of the run that the stream follows. */
export const pastOf = ({ past, viewer }: FLState): PastView | null =>
  past !== null && past.viewer.run_id === viewer.run_id ? past : null;

/** What the page shows: the present, or the moment that is looked at. */
export function shownState(state: FLState): FLState {
  const past = pastOf(state);
  return past === null ? state : { ...state, viewer: past.viewer };
}

/** The state after all of `messages`, in order. The connection has already refused what does not follow. */
export function applyMessages(viewer: ViewerState, messages: readonly ServerMessage[]): ViewerState {
  return messages.reduce((state, message) => {
    if (message.type === 'snapshot') return fromSnapshot(message);
    const next = applyBatch(state, message);
    if (next === 'gap') throw new Error(`batch ${message.from_seq}→${message.seq} does not follow ${state.seq}`);
    return next;
  }, viewer);
}

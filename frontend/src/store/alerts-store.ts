import type { AlertNotice } from '@rondo/protocol';
import { create } from 'zustand';

interface AlertsState {
  /** Newest last. */
  readonly shown: readonly AlertNotice[];
  show(notice: AlertNotice): void;
  dismiss(delivery_id: string): void;
}

/** More would cover the page; the history has them all. */
const mostShown = 3;

/** The alerts on the screen. A message that is sent again takes the place of the first. */
export const useAlertsStore = create<AlertsState>()((set) => ({
  shown: [],
  show: (notice) =>
    set(({ shown }) => ({
      shown: [...shown.filter(({ delivery_id }) => delivery_id !== notice.delivery_id), notice].slice(-mostShown),
    })),
  dismiss: (delivery_id) =>
    set(({ shown }) => ({ shown: shown.filter((notice) => notice.delivery_id !== delivery_id) })),
}));

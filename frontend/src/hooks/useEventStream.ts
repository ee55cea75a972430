import type { AlertNotice } from '@rondo/protocol';
import { useEffect, useMemo } from 'react';
import { frame } from '../lib/frame.ts';
import { notify, wantsNotifications } from '../lib/notifications.ts';
import type { Position } from '../live/connection-types.ts';
import { useAlertsStore } from '../store/alerts-store.ts';
import { createFeed } from '../store/feed.ts';
import { useFLStore } from '../store/fl-store.ts';
import { useWebSocket } from './useWebSocket.ts';

/** Keeps the store up to date with one run: the picked one, or the newest when `run_id` is `null`. */
export function useEventStream(run_id: string | null): void {
  const feed = useMemo(() => createFeed(frame), []);

  // The queue outlives no page: what came is kept, so that coming back resumes instead of starting over.
  useEffect(() => () => feed.flush(), [feed]);

  useWebSocket({
    run_id,
    getPosition: () => keepIfSameRun(run_id),
    onMessage: feed.message,
    onAlert: showAlert,
    onChange: feed.link,
  });
}

function showAlert(notice: AlertNotice): void {
  useAlertsStore.getState().show(notice);
  if (wantsNotifications()) notify(notice);
}

function keepIfSameRun(run_id: string | null): Position | null {
  const { viewer, link, reset } = useFLStore.getState();
  const isSame =
    !link.is_missing &&
    viewer.run_id !== null &&
    viewer.epoch !== null &&
    (run_id === null || viewer.run_id === run_id);
  if (isSame) return { run_id: viewer.run_id, epoch: viewer.epoch, seq: viewer.seq };
  reset();
  return null;
}

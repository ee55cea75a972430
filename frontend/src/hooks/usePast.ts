import { isRoundOver, type Run } from '@rondo/protocol';
import { useEffect } from 'react';
import { serverNow } from '../lib/clock.ts';
import { type FLState, type PastView, pastOf, useFLStore } from '../store/fl-store.ts';
import { useNow } from './useNow.ts';

export type { PastView };

/** The moment that is looked at, with the run as it was then; null while the page is live. */
export const usePast = (): PastView | null => useFLStore(pastOf);

export const useIsPast = (): boolean => useFLStore((state) => pastOf(state) !== null);

/** The server's clock, ticking, or the moment that is looked at. */
export function useMoment(intervalMs: number): number {
  const now = serverNow(useNow(intervalMs));
  return useFLStore((state) => pastOf(state)?.atMs ?? null) ?? now;
}

/** The newest round that is over; every figure up to it was known. */
export const lastClosedRound = ({ rounds }: PastView): number | null => rounds.findLast(isRoundOver)?.round ?? null;

/** The run as it is now, whatever moment is looked at. */
export const usePresentRun = (): Run | null => useFLStore(({ viewer }) => viewer.run);

export const useShowPast = (): FLState['showPast'] => useFLStore(({ showPast }) => showPast);

/** Calls it at once when the page becomes live again. */
export function useOnLeavePast(leave: () => void): void {
  useEffect(
    () =>
      useFLStore.subscribe(({ past }, before) => {
        if (past === null && before.past !== null) leave();
      }),
    [leave],
  );
}

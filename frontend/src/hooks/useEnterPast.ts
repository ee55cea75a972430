import { useCallback } from 'react';
import { useLocation, useNavigate, useParams, useSearchParams } from 'react-router';
import { serverNow } from '../lib/clock.ts';
import { runPath } from '../lib/run-tabs.ts';
import { changeAddress, useAddress } from './useAddress.ts';
import { usePresentRun, useShowPast } from './usePast.ts';

/** Opens the time machine at the end of the run or, while it runs, now; null where it is open. */
export function useEnterPast(run_id: string | null): (() => void) | null {
  const [params] = useSearchParams();
  const { pathname } = useLocation();
  const picked = useParams().run_id;
  const navigate = useNavigate();
  const run = usePresentRun();
  if (params.has('at') || run_id === null) return null;
  return () => {
    const end = run?.run_id === run_id ? run.completed_at : null;
    const at = end ?? new Date(serverNow()).toISOString();
    // The followed run may be another tomorrow, so the address names this one.
    const isOfClient = pathname.startsWith('/clients/');
    const path = picked === undefined && !isOfClient ? runPath(run_id) : pathname;
    const search = changeAddress(params, { at, ...(isOfClient && { run: run_id }) });
    void navigate({ pathname: path, search: `?${search}` }, { preventScrollReset: true });
  };
}

/** Ends the time machine, so that the page is live again. */
export function useLeavePast(): () => void {
  const [, change] = useAddress();
  const showPast = useShowPast();
  return useCallback(() => {
    showPast(null);
    change({ at: null }, { isStep: true });
  }, [showPast, change]);
}

export function useTogglePast(run_id: string | null): () => void {
  const enter = useEnterPast(run_id);
  const leave = useLeavePast();
  return enter ?? leave;
}

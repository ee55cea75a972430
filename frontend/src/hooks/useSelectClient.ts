import { useCallback } from 'react';
import { useSearchParams } from 'react-router';
import { changeAddress } from './useAddress.ts';

/** Opens one client's details, or closes them with `null`. The client is in the address. */
export function useSelectClient(): (client_id: string | null) => void {
  const [, setParams] = useSearchParams();
  return useCallback(
    (client_id) =>
      setParams((before) => changeAddress(before, { client: client_id }), {
        // One entry in the history for the drawer, however many clients are stepped through.
        replace: client_id === null || new URLSearchParams(location.search).has('client'),
        preventScrollReset: true,
      }),
    [setParams],
  );
}

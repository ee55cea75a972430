import { useEffect } from 'react';
import { useFLStore } from '../store/fl-store.ts';

/** Makes the clients that this page lists those that the drawer steps through. */
export function usePeekList(client_ids: readonly string[]): void {
  useEffect(() => {
    useFLStore.getState().listClients(client_ids);
    return () => useFLStore.getState().listClients([]);
  }, [client_ids]);
}

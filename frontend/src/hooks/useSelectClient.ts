import { useFLStore } from '../store/fl-store.ts';

/** Opens one client's details, or closes them with `null`. */
export const useSelectClient = (): ((client_id: string | null) => void) => useFLStore((state) => state.selectClient);

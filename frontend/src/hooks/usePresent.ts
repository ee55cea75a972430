import type { Run } from '@rondo/protocol';
import { type FLState, useFLStore } from '../store/fl-store.ts';

/** The run as it is now, whatever moment is looked at. */
export const usePresentRun = (): Run | null => useFLStore(({ viewer }) => viewer.run);

export const useShowPast = (): FLState['showPast'] => useFLStore(({ showPast }) => showPast);

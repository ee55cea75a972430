import { useNoticesStore } from '../store/notices-store.ts';

export type { Notice } from '../store/notices-store.ts';

export const useNotices = () => useNoticesStore();

/** Says what was done, and offers the way back. */
export const useNotify = () => useNoticesStore((state) => state.show);

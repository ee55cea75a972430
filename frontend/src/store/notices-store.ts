import { create } from 'zustand';

/** What was done, and the way back where there is one. */
export interface Notice {
  readonly id: number;
  readonly text: string;
  /** Resolves to whether it is as it was before. */
  readonly undo?: (() => Promise<boolean>) | undefined;
}

interface NoticesState {
  /** Newest last. */
  readonly shown: readonly Notice[];
  show(notice: Omit<Notice, 'id'>): void;
  dismiss(id: number): void;
}

/** More would cover the page. */
const mostShown = 3;
let count = 0;

export const useNoticesStore = create<NoticesState>()((set) => ({
  shown: [],
  show: (notice) => set(({ shown }) => ({ shown: [...shown, { ...notice, id: ++count }].slice(-mostShown) })),
  dismiss: (id) => set(({ shown }) => ({ shown: shown.filter((each) => each.id !== id) })),
}));

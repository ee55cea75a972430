import { useSyncExternalStore } from 'react';
import type { StoredChoice } from '../lib/stored-choice.ts';

/** A choice that this browser keeps, as state. */
export const useStoredChoice = <T extends string>({ read, choose, subscribe }: StoredChoice<T>) =>
  [useSyncExternalStore(subscribe, read), choose] as const;

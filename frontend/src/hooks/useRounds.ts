import { type Model, modelsOf, type Round, roundsOf } from '@rondo/protocol';
import { useMemo } from 'react';
import { useFLData } from './useFLData.ts';

/** Newest first. */
export function useRounds(): Round[] {
  const rounds = useFLData((state) => state.viewer.rounds);
  return useMemo(() => roundsOf({ rounds }), [rounds]);
}

/** Newest first. */
export function useModels(): Model[] {
  const models = useFLData((state) => state.viewer.models);
  return useMemo(() => modelsOf({ models }), [models]);
}

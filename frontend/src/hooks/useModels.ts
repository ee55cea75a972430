import type { Alias, Items, Model, ModelDetail, Page } from '@rondo/protocol';
import { useCallback, useEffect } from 'react';
import useSWR, { useSWRConfig } from 'swr';
import {
  deleteAlias,
  deleteModel,
  isAboutModels,
  type ModelKey,
  type ModelQuery,
  modelPaths,
  rollbackAlias,
  setAlias,
} from '../api/models.ts';
import { getJson } from '../api/resources.ts';
import { useFLStore } from '../store/fl-store.ts';
import { useChange } from './useChange.ts';
import { usePast } from './usePast.ts';

const slowPoll = { refreshInterval: 15_000, keepPreviousData: true };

/** One page of all stored checkpoints, newest first; news of the run on screen refreshes it at once. */
export function useModelPage(query: ModelQuery, isOfRunOnScreen = false) {
  const answer = useSWR(modelPaths.list(query), (path: string) => getJson<Page<Model>>(path), slowPoll);
  useFollowModels();
  const past = usePast();
  const { data } = answer;
  if (past === null || !isOfRunOnScreen || data === undefined) return answer;
  const items = data.items.filter(({ created_at }) => Date.parse(created_at) <= past.atMs);
  // Aliases have no history.
  return { ...answer, data: { ...data, items: items.map((item) => ({ ...item, aliases: [] })), total: items.length } };
}

export function useModelDetail(key: ModelKey) {
  const answer = useSWR(modelPaths.one(key), (path: string) => getJson<ModelDetail>(path), slowPoll);
  useFollowModels();
  return answer;
}

export const useAliases = (run_id: string | null) =>
  useSWR(run_id === null ? null : modelPaths.aliases(run_id), (path: string) => getJson<Items<Alias>>(path), slowPoll);

/** News of models on the live stream refreshes the responses of REST that are on screen. */
function useFollowModels(): void {
  const refresh = useRefreshModels();
  useEffect(
    () =>
      useFLStore.subscribe((state, before) => {
        if (state.viewer.models !== before.viewer.models) void refresh();
      }),
    [refresh],
  );
}

function useRefreshModels(): () => Promise<unknown> {
  const { mutate } = useSWRConfig();
  return useCallback(() => mutate(isAboutModels), [mutate]);
}

export const useSetAlias = () => useChange(setAlias, isAboutModels);
export const useDeleteAlias = () => useChange(deleteAlias, isAboutModels);
export const useRollbackAlias = () => useChange(rollbackAlias, isAboutModels);
export const useDeleteModel = () => useChange(deleteModel, isAboutModels);

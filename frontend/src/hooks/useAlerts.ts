import type { Alert, AlertChannel, AlertRule, AlertTest, Items, Page } from '@rondo/protocol';
import { useCallback, useState } from 'react';
import useSWR from 'swr';
import {
  alertPaths,
  createAlertChannel,
  createAlertRule,
  deleteAlertChannel,
  deleteAlertRule,
  editAlertChannel,
  editAlertRule,
  isAboutAlerts,
  testAlertChannel,
} from '../api/alerts.ts';
import { getJson } from '../api/resources.ts';
import { useChange } from './useChange.ts';

/** The live stream carries none of these. */
const slowPoll = { refreshInterval: 15_000, keepPreviousData: true };

type Channels = Items<AlertChannel> & { readonly can_send_email: boolean };

export const useAlertRules = (isManager: boolean) =>
  useSWR(isManager ? alertPaths.rules : null, (path: string) => getJson<Items<AlertRule>>(path), slowPoll);

export const useAlertChannels = (isManager: boolean) =>
  useSWR(isManager ? alertPaths.channels : null, (path: string) => getJson<Channels>(path), slowPoll);

export const useAlertHistory = (query: URLSearchParams) =>
  useSWR(alertPaths.history(query), (path: string) => getJson<Page<Alert>>(path), slowPoll);

export const useCreateAlertRule = () => useChange(createAlertRule, isAboutAlerts);
export const useEditAlertRule = () => useChange(editAlertRule, isAboutAlerts);
export const useDeleteAlertRule = () => useChange(deleteAlertRule, isAboutAlerts);
export const useCreateAlertChannel = () => useChange(createAlertChannel, isAboutAlerts);
export const useEditAlertChannel = () => useChange(editAlertChannel, isAboutAlerts);
export const useDeleteAlertChannel = () => useChange(deleteAlertChannel, isAboutAlerts);

/** Sends one message to a channel, and keeps how it was answered. */
export function useTestAlertChannel() {
  const [result, setResult] = useState<AlertTest | null>(null);
  const test = useCallback(async (id: string) => setResult(await testAlertChannel(id)), []);
  const [progress, run] = useChange(test, isAboutAlerts);
  return { result, progress, run };
}

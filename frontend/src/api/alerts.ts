import type { AlertChannelEdit, AlertRuleEdit, AlertTest, NewAlertChannel, NewAlertRule } from '@rondo/protocol';
import { api } from './client.ts';

export const alertPaths = {
  // As many as a project may have; an admin of many projects sees the oldest.
  rules: '/api/alert-rules?limit=200',
  channels: '/api/alert-channels?limit=200',
  history: (query: URLSearchParams) => `/api/alerts?${query}`,
};

/** A deleted channel changes rules, and a test changes nothing but the audit log. */
export const isAboutAlerts = (path: unknown): boolean => typeof path === 'string' && path.startsWith('/api/alert');

export async function createAlertRule(rule: NewAlertRule): Promise<void> {
  await api.post('/api/alert-rules', rule);
}

export async function editAlertRule(id: string, edit: AlertRuleEdit): Promise<void> {
  await api.patch(`/api/alert-rules/${id}`, edit);
}

export async function deleteAlertRule(id: string): Promise<void> {
  await api.delete(`/api/alert-rules/${id}`);
}

export async function createAlertChannel(channel: NewAlertChannel): Promise<void> {
  await api.post('/api/alert-channels', channel);
}

export async function editAlertChannel(id: string, edit: AlertChannelEdit): Promise<void> {
  await api.patch(`/api/alert-channels/${id}`, edit);
}

export async function deleteAlertChannel(id: string): Promise<void> {
  await api.delete(`/api/alert-channels/${id}`);
}

export async function testAlertChannel(id: string): Promise<AlertTest> {
  const { data } = await api.post<AlertTest>(`/api/alert-channels/${id}/test`);
  return data;
}

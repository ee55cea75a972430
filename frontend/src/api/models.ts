import type { DownloadLink } from '@rondo/protocol';
import { api } from './client.ts';

export interface ModelQuery {
  readonly run_id: string | null;
  readonly limit: number;
  readonly offset: number;
}

const modelPath = (version: string) => `/api/models/${encodeURIComponent(version)}`;
const aliasesPath = (run_id: string) => `/api/runs/${encodeURIComponent(run_id)}/aliases`;
const aliasPath = (run_id: string, alias: string) => `${aliasesPath(run_id)}/${encodeURIComponent(alias)}`;

export const modelPaths = {
  list: ({ run_id, limit, offset }: ModelQuery) =>
    `/api/models?${new URLSearchParams({ ...(run_id !== null && { run_id }), limit: String(limit), offset: String(offset) })}`,
  one: modelPath,
  aliases: aliasesPath,
};

/** Whether an answer kept under this address may change when a model or an alias does. */
export const isAboutModels = (path: unknown): boolean =>
  typeof path === 'string' && (path.startsWith('/api/models') || /^\/api\/runs\/[^/]+\/aliases/.test(path));

export async function deleteModel(version: string): Promise<void> {
  await api.delete(modelPath(version));
}

export async function setAlias(run_id: string, alias: string, version: string): Promise<void> {
  await api.put(aliasPath(run_id, alias), { version });
}

export async function deleteAlias(run_id: string, alias: string): Promise<void> {
  await api.delete(aliasPath(run_id, alias));
}

/** Points an alias at the version that it had before. */
export async function rollbackAlias(run_id: string, alias: string): Promise<void> {
  await api.post(`${aliasPath(run_id, alias)}/rollback`);
}

/** An address that works once and for a short time, so that the browser itself can fetch the file. */
export async function getDownloadLink(version: string): Promise<string> {
  const { data } = await api.post<DownloadLink>(`${modelPath(version)}/download-link`);
  return data.url;
}

import type { DownloadLink } from '@rondo/protocol';
import { api } from './client.ts';

export interface ModelQuery {
  readonly run_id: string | null;
  readonly limit: number;
  readonly offset: number;
}

/** A version is a name within its run. [K1] */
export interface ModelKey {
  /** Null where the address does not say; the server then refuses a name that several runs have. */
  readonly run_id: string | null;
  readonly version: string;
}

const modelPath = ({ run_id, version }: ModelKey, rest = '') =>
  `/api/models/${encodeURIComponent(version)}${rest}${run_id === null ? '' : `?${new URLSearchParams({ run_id })}`}`;
const aliasesPath = (run_id: string) => `/api/runs/${encodeURIComponent(run_id)}/aliases`;
const aliasPath = (run_id: string, alias: string) => `${aliasesPath(run_id)}/${encodeURIComponent(alias)}`;

export const modelPaths = {
  list: ({ run_id, limit, offset }: ModelQuery) =>
    `/api/models?${new URLSearchParams({ ...(run_id !== null && { run_id }), limit: String(limit), offset: String(offset) })}`,
  one: (key: ModelKey) => modelPath(key),
  aliases: aliasesPath,
};

/** Whether an answer kept under this address may change when a model or an alias does. */
export const isAboutModels = (path: unknown): boolean =>
  typeof path === 'string' && (path.startsWith('/api/models') || /^\/api\/runs\/[^/]+\/aliases/.test(path));

export async function deleteModel(key: ModelKey): Promise<void> {
  await api.delete(modelPath(key));
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
export async function getDownloadLink(key: ModelKey): Promise<string> {
  const { data } = await api.post<DownloadLink>(modelPath(key, '/download-link'));
  return data.url;
}

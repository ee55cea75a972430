import type { RunEdit } from '@rondo/protocol';
import { AxiosError } from 'axios';
import { api } from './client.ts';

const runPath = (run_id: string) => `/api/runs/${encodeURIComponent(run_id)}`;

/** Whether an answer kept under this address may change when a run does. */
export const isAboutRuns = (path: unknown): boolean =>
  typeof path === 'string' && (/^\/api\/runs(\?|$)/.test(path) || path.startsWith('/api/models'));

export async function editRun(run_id: string, change: RunEdit): Promise<void> {
  await api.patch(runPath(run_id), change);
}

/** With everything that was reported of it. */
export async function deleteRun(run_id: string): Promise<void> {
  await api.delete(runPath(run_id));
}

/** The whole run as a zip, without its models. The browser keeps a large one on its disk. */
export async function exportRun(run_id: string): Promise<Blob> {
  try {
    const { data } = await api.get<Blob>(`${runPath(run_id)}/export`, { responseType: 'blob', timeout: 0 });
    return data;
  } catch (error) {
    // A refusal arrives as a file as well.
    if (error instanceof AxiosError && error.response?.data instanceof Blob)
      error.response.data = JSON.parse(await error.response.data.text());
    throw error;
  }
}

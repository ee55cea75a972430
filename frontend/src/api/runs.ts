import type { RunEdit } from '@rondo/protocol';
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

import { api, isNotFound } from './client.ts';

interface Asked {
  readonly run_id?: string | undefined;
  readonly epoch?: string | undefined;
  readonly seq?: number | undefined;
  readonly others_seq?: number | undefined;
}

/** What the socket would send next; null if there is no such run. */
export async function pollLive(params: Asked): Promise<unknown> {
  try {
    return (await api.get<unknown>('/api/live', { params })).data;
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

import { basePath } from '../lib/base-path.ts';
import type { Position } from './connection-types.ts';

/** Where to connect: the run that was picked, and how far this viewer already is. */
export function socketUrl(
  origin: string,
  ticket: string,
  { run_id, position }: { run_id: string | null; position: Position | null },
): string {
  const url = new URL(`${basePath}/ws/events`, origin);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.searchParams.set('token', ticket);
  url.searchParams.set('alerts', '1');
  if (run_id !== null) url.searchParams.set('run_id', run_id);
  if (position !== null) {
    url.searchParams.set('epoch', position.epoch);
    url.searchParams.set('seq', String(position.seq));
  }
  return url.href;
}

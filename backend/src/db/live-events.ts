import { isRoundOver, type LiveEvent } from '@rondo/protocol';
import type { clients, rounds, runs } from './schema.ts';
import { toClient, toRound, toRun } from './wire.ts';

type RunRow = typeof runs.$inferSelect;
type RoundRow = typeof rounds.$inferSelect;
type ClientRow = typeof clients.$inferSelect;

/** The name of the news about a row since `since`; whatever the name, a viewer upserts the same state. [S4] */
export const runEvent = (row: RunRow): LiveEvent => ({ type: 'run_update', data: toRun(row) });

export const roundEvent = (row: RoundRow, since: number): LiveEvent => ({
  type: isRoundOver(row) ? 'round_complete' : row.created_seq > since ? 'round_started' : 'round_update',
  data: toRound(row),
});

export const clientEvent = (row: ClientRow, since: number): LiveEvent => ({
  type: row.created_seq > since ? 'client_joined' : 'client_update',
  data: toClient(row),
});

import { randomUUID } from 'node:crypto';
import type { Round } from '@rondo/protocol';
import { isRoundOver } from '@rondo/protocol';
import type { Db } from '../db/database.ts';
import { requestCommand } from '../db/queries/commands.ts';
import { Conflict } from '../errors.ts';
import type { IngestWriter } from './writer.ts';

interface Request {
  readonly round: Round;
  readonly reason: string;
  readonly requested_by: string;
}

/** Asks the round's FL server to close it; asked again, it stays one request. [C1] */
export async function requestStop(
  db: Db,
  writer: IngestWriter,
  { round, reason, requested_by }: Request,
): Promise<void> {
  if (isRoundOver(round)) throw new Conflict(`round ${round.round} is ${round.status}: there is nothing left to stop`);
  if (round.stop_requested_at !== null) return;
  const requested_at = new Date().toISOString();
  const command = { run_id: round.run_id, command: 'stop_round', round: round.round, reason } as const;
  await requestCommand(db, { ...command, command_id: randomUUID(), requested_by, requested_at });
  await writer.submit([{ type: 'stop_requested', run_id: round.run_id, round: round.round, reason, at: requested_at }]);
}

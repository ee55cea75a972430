import { randomUUID } from 'node:crypto';
import type { CommandName, Round, Run } from '@rondo/protocol';
import { isRoundOver } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { findRound } from '../db/queries/rounds.ts';
import { findRun } from '../db/queries/runs.ts';
import { Conflict, NotFound } from '../errors.ts';
import { isOpen } from './command-facts.ts';
import type { Record } from './state.ts';
import type { IngestWriter } from './writer.ts';

export interface StopDeps {
  readonly db: Db;
  readonly writer: IngestWriter;
  readonly expiresAfterMs: number;
  readonly now?: () => number;
}

interface Request {
  readonly round_id: number;
  readonly scope: 'round' | 'run';
  readonly reason: string;
  readonly requested_by: string;
  /** Returns how to write the audit row for a request that concerns this round. */
  readonly recordFor?: (round: Round) => Record;
}

/** Asks the FL server to close a round or its whole run. A repetition is the same request. [C1] */
export async function requestStop(deps: StopDeps, request: Request): Promise<Round> {
  const { writer, expiresAfterMs, now = Date.now } = deps;
  const { scope, reason, requested_by, recordFor } = request;
  const { run, round } = await find(deps.db, request.round_id);
  refuse(run, round, scope);
  const command_id = randomUUID();
  const [at, expires_at] = [0, expiresAfterMs].map((ms) => new Date(now() + ms).toISOString()) as [string, string];
  const asked = { command_id, run_id: run.run_id, reason, requested_by, expires_at };
  const record = recordFor?.(round);
  await writer.submit([
    { type: 'stop_requested', ...asked, round: scope === 'run' ? null : round.round, at, ...(record && { record }) },
  ]);
  const after = await find(deps.db, request.round_id);
  const { stop } = scope === 'run' ? after.run : after.round;
  // It ended between the first read and the lock.
  if (stop?.command_id !== command_id && !isOpen(stop)) refuse(after.run, after.round, scope);
  // For scope `run`, mirror the run's stop onto the returned round.
  return stop && scope === 'run'
    ? { ...after.round, stop_requested_at: stop.requested_at, stop_reason: stop.reason }
    : after.round;
}

async function find(db: Db, roundId: number): Promise<{ run: Run; round: Round }> {
  const round = await findRound(db, roundId, null);
  const run = round && (await findRun(db, round.run_id, null));
  if (!run) throw new NotFound(`there is no round with round_id ${roundId}`);
  return { run, round };
}

function refuse(run: Run, round: Round, scope: Request['scope']): void {
  const isRun = scope === 'run';
  if (isRun ? run.status !== 'running' : isRoundOver(round)) {
    const what = isRun ? `run ${run.run_id} is ${run.status}` : `round ${round.round} is ${round.status}`;
    throw new Conflict(`${what}: there is nothing left to stop`);
  }
  const command: CommandName = isRun ? 'stop_run' : 'stop_round';
  if (run.commands_supported.includes(command)) return;
  const can = run.commands_supported.join(', ') || 'none';
  throw new Conflict(
    `the FL server of run ${run.run_id} does not support ${command}; the commands it declares: ${can}`,
  );
}

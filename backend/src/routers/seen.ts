import type { Run, RunId } from '@rondo/protocol';
import type { FastifyRequest } from 'fastify';
import { mustManage, visibleTo } from '../auth/access.ts';
import type { Db } from '../db/db.ts';
import { findRun } from '../db/queries/runs.ts';
import { NotFound } from '../errors.ts';

/** A run that the request may see. One that it may not see, and one that does not exist, are the same. [O5] */
export async function seenRun(db: Db, request: FastifyRequest, runId: RunId): Promise<Run> {
  const run = await findRun(db, runId, visibleTo(request));
  if (!run) throw new NotFound(`there is no run ${runId}`);
  return run;
}

/** The same, for an act of an admin of its project. */
export async function managedRun(db: Db, request: FastifyRequest, runId: RunId): Promise<Run> {
  const run = await seenRun(db, request, runId);
  mustManage(request, run.project_id);
  return run;
}

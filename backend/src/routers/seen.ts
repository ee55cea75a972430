import type { Model, ModelVersion, Run, RunId } from '@rondo/protocol';
import type { FastifyRequest } from 'fastify';
import { mustManage, visibleTo } from '../auth/access.ts';
import type { Db } from '../db/db.ts';
import { findModels } from '../db/queries/models.ts';
import type { Visible } from '../db/queries/projects.ts';
import { findRun } from '../db/queries/runs.ts';
import { Conflict, NotFound } from '../errors.ts';

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

/** The one model of this name among those that are visible, in the run if one is named. [K1] */
export async function seenModel(
  db: Db,
  visible: Visible,
  version: ModelVersion,
  runId: RunId | undefined,
): Promise<Model> {
  const [model, ...others] = await findModels(db, version, visible, runId);
  if (!model) throw new NotFound(`there is no model ${version}`);
  if (others.length === 0) return model;
  const runs = [model, ...others].map(({ run_id }) => run_id).sort();
  throw new Conflict(`several runs have a model ${version}: name one of them as run_id: ${runs.join(', ')}`);
}

import type { LiveEvent, RunId } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { deleteAlias, keepAutomaticAliases, rollBackAlias, setAlias } from '../db/queries/model-aliases.ts';
import { deleteModel, insertModel, touchModelsOfRounds } from '../db/queries/model-changes.ts';
import { modelEventsSince } from '../db/queries/models.ts';
import type { ModelNotice, Reduction, RoundRow } from './state.ts';

interface When {
  readonly seq: number;
  readonly receivedAt: string;
}

/** Applies the notices and returns those without effect: a taken version, a missing one, one held by an alias. */
export async function applyModelNotices(
  tx: Db,
  notices: Reduction['models'],
  when: When,
): Promise<{ hasChanged: boolean; refused: number[] }> {
  const refused: number[] = [];
  for (const notice of notices) {
    if (!(await apply(tx, notice, when))) refused.push(notice.index);
  }
  return { hasChanged: refused.length < notices.length, refused };
}

function apply(tx: Db, notice: ModelNotice, { seq, receivedAt }: When): Promise<boolean> {
  const { run_id } = notice;
  switch (notice.type) {
    case 'model_saved':
      return insertModel(tx, { ...notice.model, run_id, created_at: receivedAt, updated_seq: seq });
    case 'model_deleted':
      return deleteModel(tx, notice, seq);
    case 'alias_set': {
      const { alias, version, at, set_by } = notice;
      return setAlias(tx, { run_id, alias, version, set_at: at, set_by, is_automatic: false }, seq);
    }
    case 'alias_deleted':
      return deleteAlias(tx, run_id, notice.alias, seq);
    case 'alias_rolled_back':
      return rollBackAlias(tx, { run_id, alias: notice.alias, set_at: notice.at, set_by: notice.set_by }, seq);
    default:
      notice satisfies never;
      return Promise.resolve(false);
  }
}

/** A run, its rounds whose figures change, and whether its models changed by themselves. */
export interface ModelsWork {
  readonly run_id: RunId;
  readonly rounds: readonly number[];
  readonly hasChanged: boolean;
  readonly seq: number;
}

/** After the rounds are written: models follow the figures of theirs, and `best` and `latest` move on. [K5] [K6] */
export async function settleModels(
  tx: Db,
  works: readonly ModelsWork[],
  receivedAt: string,
): Promise<Map<RunId, LiveEvent[]>> {
  const changed = works.flatMap(({ run_id, rounds, seq }) => rounds.map((round) => ({ run_id, round, seq })));
  const haveFollowed = await touchModelsOfRounds(tx, changed);
  const events = new Map<RunId, LiveEvent[]>();
  for (const { run_id, hasChanged, seq } of works) {
    if (!hasChanged && !haveFollowed.has(run_id)) continue;
    await keepAutomaticAliases(tx, run_id, seq, receivedAt);
    events.set(run_id, await modelEventsSince(tx, run_id, seq - 1));
  }
  return events;
}

export const haveFiguresChanged = (before: RoundRow | undefined, after: RoundRow): boolean =>
  before?.global_loss !== after.global_loss ||
  before.global_accuracy !== after.global_accuracy ||
  before.metrics !== after.metrics;

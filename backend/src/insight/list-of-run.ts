import type { ClientId } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { latestOf, type MuteRow, readMutes } from '../db/queries/insight.ts';
import type { findRunRow } from '../db/queries/runs.ts';
import type { AttentionFold } from './attention-fold.ts';
import { applyMutes, itemsOfEpisodes, itemsOfRun, itemsOfTroubles } from './attention-list.ts';
import { targetEpsilonOf } from './privacy-config.ts';
import type { RoundRow } from './rounds.ts';
import type { Trouble } from './troubles.ts';

export type RunRow = NonNullable<Awaited<ReturnType<typeof findRunRow>>>;
export type Listed = ReturnType<typeof applyMutes> & { readonly mutes: readonly MuteRow[] };

/** How many of the newest rounds that are over the items about the run itself look at. */
export const closedKept = 50;

interface Folded {
  readonly fold: AttentionFold;
  readonly ids: readonly ClientId[];
  /** The newest rounds that are over. */
  readonly closed: readonly RoundRow[];
}

/** The attention list of a run whose rounds were folded. [G4] */
export async function listOfRun(
  db: Db,
  { run_id, config, status, condition }: RunRow,
  { fold, ids, closed }: Folded,
  troubles: readonly Trouble[],
): Promise<Listed> {
  const [epsilon] = targetEpsilonOf(config) === null ? [] : await latestOf(db, run_id, ['privacy_epsilon']);
  const mutes = await readMutes(db, run_id);
  const isRunning = status === 'running';
  const items = [
    ...itemsOfRun({ config, isRunning, condition, closed, epsilon: epsilon ?? null }),
    ...(isRunning ? itemsOfTroubles(troubles) : []),
    ...itemsOfEpisodes(fold.episodes.open(), ids),
  ];
  return { ...applyMutes(items, mutes, fold.numClients), mutes };
}

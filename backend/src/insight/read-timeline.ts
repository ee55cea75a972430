import {
  type AttentionEpisode,
  type AttentionItem,
  isRoundOver,
  limits,
  type RunId,
  type Timeline,
} from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { readJoined } from '../db/queries/clients.ts';
import { newestPoints, readRoundsOf } from '../db/queries/insight.ts';
import { findRunRow } from '../db/queries/runs.ts';
import type { AttentionService } from './attention.ts';
import { itemsOfRun, type RunFacts } from './attention-list.ts';
import { closedKept } from './list-of-run.ts';
import type { RoundRow } from './rounds.ts';

/** What the other reads lack to show the run at an earlier moment. [G19] */
export async function readTimeline(
  db: Db,
  runId: RunId,
  attention: Pick<AttentionService, 'episodes'>,
): Promise<Timeline> {
  const run = await findRunRow(db, runId);
  const rows = await readRoundsOf(db, runId, {}, limits.insightRounds);
  const epsilons = await newestPoints(db, runId, 'privacy_epsilon', limits.insightRounds);
  const { items, isTruncated } = await attention.episodes(runId);
  const ofRun = episodesOfRun(run?.config ?? {}, rows.filter(isRoundOver), epsilons);
  const joined = await readJoined(db, runId);
  return {
    run_id: runId,
    clients: {
      client_id: joined.map(({ client_id }) => client_id),
      joined_at: joined.map(({ joined_at }) => joined_at),
    },
    attempts: rows.flatMap(({ round, earlier }) => earlier.map((attempt) => ({ round, ...attempt }))),
    episodes: [...items, ...ofRun].sort((a, b) => beganIn(a) - beganIn(b)),
    episodes_truncated: isTruncated,
  };
}

const beganIn = ({ steps: [first] }: AttentionEpisode): number => first?.round ?? 0;

type Epsilon = NonNullable<RunFacts['epsilon']>;

/** The findings about the run itself, as they stood at the end of each round. */
export function episodesOfRun(
  config: RunFacts['config'],
  closed: readonly RoundRow[],
  epsilons: readonly Epsilon[],
): AttentionEpisode[] {
  const open = new Map<AttentionItem['rule'], AttentionEpisode>();
  const all: AttentionEpisode[] = [];
  const byTime = [...epsilons].sort((a, b) => (a.at < b.at ? -1 : 1));
  let known = 0;
  for (const [at, { round, completed_at }] of closed.entries()) {
    while (known < byTime.length && completed_at !== null && (byTime[known] as Epsilon).at <= completed_at) known++;
    const items = itemsOfRun({
      config,
      isRunning: false,
      condition: null,
      closed: closed.slice(Math.max(0, at + 1 - closedKept), at + 1),
      epsilon: byTime[known - 1] ?? null,
    });
    for (const [rule, episode] of open) {
      if (items.some((item) => item.rule === rule)) continue;
      open.delete(rule);
      episode.to_round = round;
    }
    for (const { rule, severity, detail, since_round = null } of items) {
      let episode = open.get(rule);
      if (episode === undefined) {
        episode = { rule, client_id: null, since_round, steps: [], to_round: null };
        open.set(rule, episode);
        all.push(episode);
      }
      if (episode.steps.at(-1)?.severity !== severity) episode.steps.push({ round, severity, detail });
    }
  }
  return all;
}

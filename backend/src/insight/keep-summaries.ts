import type { ListedRun, Metrics, RunId, RunSummary } from '@rondo/protocol';
import { limits } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import {
  leaveBacklog,
  lockRun,
  readBacklog,
  readFigures,
  readSummaries,
  readSummaryStates,
  type SummaryChange,
  saveSummaryStates,
} from '../db/queries/run-summaries.ts';
import type { rounds, runs } from '../db/schema.ts';
import { toRun } from '../db/wire.ts';
import { startPeriodic } from '../periodic.ts';
import { emptySummary, figuresOf, foldRound, summarise } from './summary.ts';

type RoundRow = typeof rounds.$inferSelect;

/** How the figures of a run's rounds change. */
export interface FigureChanges {
  readonly run_id: RunId;
  readonly changes: readonly (readonly [round: number, was: Metrics, is: Metrics])[];
}

/**
 * Brings the summaries of runs up to date in the transaction that saves these rounds. Ends when its statements are on their
 * way; `stored` ends when they are executed. [G11]
 */
export async function keepSummaries(
  tx: Db,
  runs: readonly FigureChanges[],
): Promise<{ readonly stored: Promise<void> }> {
  const changes = new Map(
    runs.flatMap(({ run_id, changes }) => (changes.length === 0 ? [] : [[run_id, changes] as const])),
  );
  const known = await readSummaryStates(tx, [...changes.keys()]);
  const states: SummaryChange[] = [];
  for (const [run_id, ofRun] of changes) {
    const before = known.get(run_id);
    let state: typeof before = before ?? emptySummary;
    for (const [round, was, is] of ofRun) state = state && foldRound(state, round, was, is);
    states.push({ run_id, state: state ?? summarise(await readFigures(tx, run_id)), before });
  }
  const stored = saveSummaryStates(tx, states);
  stored.catch(() => {});
  return { stored };
}

export const figureChanges = (
  before: ReadonlyMap<number, RoundRow>,
  after: ReadonlyMap<number, RoundRow>,
): FigureChanges['changes'] =>
  [...after]
    .map(([round, row]) => [round, figuresOf(before.get(round)), figuresOf(row)] as const)
    .filter(([, was, is]) => !isEqual(was, is))
    .sort(([a], [b]) => a - b);

function isEqual(a: Metrics, b: Metrics): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

type RunRow = typeof runs.$inferSelect;

/** Runs as lists show them. */
export async function withSummaries(db: Db, rows: readonly RunRow[]): Promise<ListedRun[]> {
  const { states, epsilons } = await readSummaries(
    db,
    rows.map(({ run_id }) => run_id),
  );
  return rows.map((row) => {
    const { figures, sparkline } = states.get(row.run_id) ?? emptySummary;
    const names = Object.keys(figures).sort((a, b) => placeOf(a) - placeOf(b) || (a < b ? -1 : 1));
    const kept = names
      .slice(0, limits.summaryMetrics)
      .flatMap((name) => (figures[name] ? [[name, figures[name]] as const] : []));
    const summary: RunSummary = {
      last: Object.fromEntries(kept.map(([name, { last, last_round }]) => [name, { value: last, round: last_round }])),
      best: Object.fromEntries(
        kept.flatMap(([name, { best, best_round }]) =>
          best === null || best_round === null ? [] : [[name, { value: best, round: best_round }]],
        ),
      ),
      sparkline: sparkline?.value.map((value) => (typeof value === 'number' ? value : null)) ?? [],
      sparkline_of: sparkline?.name ?? null,
      num_rounds: row.rounds_seen,
      num_rounds_failed: row.rounds_failed,
      num_clients: row.num_clients,
      duration_ms:
        row.completed_at === null ? null : Math.max(0, Date.parse(row.completed_at) - Date.parse(row.started_at)),
      bytes_up: row.bytes_up,
      bytes_down: row.bytes_down,
      epsilon: epsilons.get(row.run_id) ?? null,
    };
    return { ...toRun(row), summary };
  });
}

const placeOf = (name: string): number => (name === 'loss' ? 0 : name === 'accuracy' ? 1 : 2);

const runsAtOnce = 20;

/** Computes the summaries of some runs that existed before summaries did; says how many these were. */
export async function backfillSummaries(db: Db): Promise<number> {
  const ids = await readBacklog(db, runsAtOnce);
  for (const id of ids) {
    await db.transaction(async (tx) => {
      await lockRun(tx, id);
      const before = (await readSummaryStates(tx, [id])).get(id);
      await saveSummaryStates(tx, [{ run_id: id, state: summarise(await readFigures(tx, id)), before }]);
      await leaveBacklog(tx, id);
    });
  }
  return ids.length;
}

export const startBackfill = (db: Db, onError: (error: unknown) => void): (() => Promise<void>) =>
  startPeriodic(() => backfillSummaries(db), { firstMs: 1_000, everyMs: 1_000 }, onError);

import type { Metrics, MetricValue, RunId } from '@rondo/protocol';
import { and, desc, eq, isNotNull, or } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { metricSeries, rounds } from '../schema.ts';

export interface Summary {
  readonly run_id: RunId;
  readonly round: number | null;
  readonly global_loss: MetricValue | null;
  readonly global_accuracy: MetricValue | null;
  /** The latest of every server-side metric, and the metrics of that round. */
  readonly metrics: Metrics;
}

export async function metricsSummary(db: Db, runId: RunId): Promise<Summary> {
  const hasFigures = or(isNotNull(rounds.global_loss), isNotNull(rounds.global_accuracy));
  const [latest] = await db
    .select()
    .from(rounds)
    .where(and(eq(rounds.run_id, runId), hasFigures))
    .orderBy(desc(rounds.round))
    .limit(1);
  const series = await db
    .select()
    .from(metricSeries)
    .where(and(eq(metricSeries.run_id, runId), eq(metricSeries.client_id, '')));
  return {
    run_id: runId,
    round: latest?.round ?? null,
    global_loss: latest?.global_loss ?? null,
    global_accuracy: latest?.global_accuracy ?? null,
    metrics: { ...Object.fromEntries(series.map(({ name, value }) => [name, value])), ...latest?.metrics },
  };
}

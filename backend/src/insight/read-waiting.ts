import {
  type ClientId,
  type Funnel,
  isRoundOver,
  type MetricValue,
  outcomeCodes,
  type RunId,
  toNumber,
  type Waiting,
} from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { latestOf, readClientsOf, readDerived, readParts } from '../db/queries/insight.ts';
import { findRunRow } from '../db/queries/runs.ts';
import { missing } from './columns.ts';
import { funnelOf } from './funnel.ts';
import { prepareRounds, type RoundsInRange, readDerivedRounds } from './rounds.ts';
import { causeOf, closingNow, expectedEnd, judgeOutstanding, named, type Running } from './waiting.ts';

/** Recent rounds, from which durations and client outcomes are estimated. */
const recentRounds = 1_000;
/** Rounds whose clients' durations are read. */
const historyRounds = 30;
const asynchronousNames = { staleness: ['staleness', 'avg_staleness', 'mean_staleness'], concurrency: ['concurrency'] };

/** Explains why the running round is open, when it may end, and what closing it now would mean. [G7] */
export async function readWaiting(db: Db, runId: RunId, now: Date): Promise<Waiting> {
  const run = await findRunRow(db, runId);
  const prepared = await prepareRounds(db, runId, {}, recentRounds);
  const durations: number[] = [];
  for (const row of prepared.rows) {
    if (!isRoundOver(row) || row.completed_at === null || row.status !== 'complete') continue;
    durations.push(Math.max(0, Date.parse(row.completed_at) - Date.parse(row.started_at)));
  }
  const newest = prepared.rows.at(-1);
  const open = newest && !isRoundOver(newest) && run?.status === 'running' ? newest : undefined;
  const derived = open && prepared.open.get(open.round);
  const history = await readHistory(db, runId, { ...prepared, rows: prepared.rows.slice(-historyRounds) });
  const condition = run?.condition ?? null;
  const startedMs = open ? Date.parse(open.started_at) : Number.NaN;
  const elapsed = open ? Math.max(0, now.getTime() - startedMs) : null;
  const clients = open ? await readClientsOf(db, runId) : new Map<ClientId, never>();
  const parts = open ? await readParts(db, runId, open.round) : [];
  const running = parts
    .filter(({ outcome }) => outcome === 'pending')
    .flatMap(({ client_id }): Running[] => {
      const client = clients.get(client_id);
      if (!client) return [];
      return [{ client, elapsedMs: elapsed ?? 0, durationsMs: history.get(client_id)?.durations ?? [] }];
    });
  const pooled = [...history.values()].flatMap(({ durations }) => durations);
  const outstanding = judgeOutstanding(running, pooled);
  const numUnnamed = open ? open.num_clients_expected - open.num_named : 0;
  const why = causeOf({
    runStatus: run?.status ?? 'complete',
    condition,
    round: open ? { round: open.round, status: open.status } : null,
    outstanding,
    numUnnamedPending: numUnnamed,
  });
  const expected_end: Waiting['expected_end'] = open
    ? expectedEnd(durations, startedMs, now.getTime())
    : { state: 'none', sentence: 'no round is open' };
  const saved = expected_end.state === 'interval' ? Math.max(0, Date.parse(expected_end.likely) - now.getTime()) : null;
  const selected = parts.map((part) => {
    const last = history.get(part.client_id);
    const loss = part.train_loss ?? last?.train_loss ?? null;
    return {
      client_id: part.client_id,
      hasAnswered: part.outcome === 'complete',
      train_loss: loss === null ? null : toNumber(loss),
      sample_count: part.sample_count ?? last?.sample_count ?? clients.get(part.client_id)?.dataset_size ?? null,
    };
  });
  const isStarted = new Set(outstanding.filter(hasStarted).map(({ client_id }) => client_id));
  return {
    run_id: runId,
    round: open?.round ?? null,
    ...why,
    since: condition && condition.state !== 'healthy' ? condition.since : (open?.started_at ?? null),
    elapsed_ms: elapsed,
    outstanding: named(outstanding),
    num_outstanding: outstanding.length + numUnnamed,
    num_unnamed: numUnnamed,
    num_beyond_bound: outstanding.filter(({ is_beyond_bound }) => is_beyond_bound).length,
    expected_end,
    closing_now: open && selected.length > 0 ? closingNow(selected, saved) : null,
    funnel: {
      round: derived ? funnelOf([{ row: derived.row, account: derived.sums, training: isStarted.size }]) : null,
      run: await funnelOfRun(db, runId, prepared),
    },
    asynchronous: await readAsynchronous(db, runId),
  };
}

const hasStarted = ({ status, progress }: { status: string; progress: number | null }): boolean =>
  status === 'training' || status === 'uploading' || (progress ?? 0) > 0;

interface History {
  readonly durations: number[];
  train_loss: number | null;
  sample_count: number | null;
}

/** Reads each client's last results. */
async function readHistory(db: Db, runId: RunId, prepared: RoundsInRange): Promise<Map<ClientId, History>> {
  const history = new Map<ClientId, History>();
  for await (const { row, columns } of readDerivedRounds(db, runId, prepared, [
    'train_loss',
    'duration_ms',
    'sample_count',
  ])) {
    if (!isRoundOver(row)) continue;
    const { client, outcome, values } = columns;
    for (const [at, index] of client.entries()) {
      if (outcome[at] !== outcomeCodes.complete) continue;
      const id = prepared.numbers.ids[index] as ClientId;
      const known = history.get(id) ?? { durations: [], train_loss: null, sample_count: null };
      const duration = values.duration_ms[at] as number;
      if (duration > 0) known.durations.push(duration);
      if (!missing(values.train_loss, at)) known.train_loss = values.train_loss[at] as number;
      if (!missing(values.sample_count, at)) known.sample_count = values.sample_count[at] as number;
      history.set(id, known);
    }
  }
  return history;
}

/** Reads completed rounds. */
async function funnelOfRun(db: Db, runId: RunId, { rows, stored }: RoundsInRange): Promise<Funnel> {
  const sums = new Map((await readDerived(db, runId, stored, ['sums'])).map((each) => [each.round, each.sums]));
  return funnelOf(
    rows.filter(isRoundOver).flatMap((row) => {
      const of = sums.get(row.round);
      return of ? [{ row, account: of }] : [];
    }),
  );
}

async function readAsynchronous(db: Db, runId: RunId): Promise<Waiting['asynchronous']> {
  const latest = await latestOf(db, runId, [...asynchronousNames.staleness, ...asynchronousNames.concurrency]);
  const find = (names: readonly string[]): MetricValue | null =>
    latest.find(({ name }) => names.includes(name))?.value ?? null;
  const staleness = find(asynchronousNames.staleness);
  const concurrency = find(asynchronousNames.concurrency);
  return staleness === null && concurrency === null ? null : { staleness, concurrency };
}

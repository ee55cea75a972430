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
import { latestOf, readClientsOf, readParts } from '../db/queries/insight.ts';
import { findRunRow } from '../db/queries/runs.ts';
import { type Columns, flag, missing } from './columns.ts';
import { type Derived, prepareRounds, readDerivedRounds } from './rounds.ts';
import { causeOf, closingNow, expectedEnd, judgeOutstanding, named, type Running } from './waiting.ts';

/** Rounds whose clients' durations are read. */
const historyRounds = 30;
const asynchronousNames = { staleness: ['staleness', 'avg_staleness', 'mean_staleness'], concurrency: ['concurrency'] };

/** Why the running round is not over, when it will be, and what closing it now would mean. [G7] */
export async function readWaiting(db: Db, runId: RunId, now: Date): Promise<Waiting> {
  const run = await findRunRow(db, runId);
  const prepared = await prepareRounds(db, runId, {}, 1_000);
  const durations: number[] = [];
  for (const row of prepared.rows) {
    if (!isRoundOver(row) || row.completed_at === null || row.status !== 'complete') continue;
    durations.push(Math.max(0, Date.parse(row.completed_at) - Date.parse(row.started_at)));
  }
  const newest = prepared.rows.at(-1);
  const open = newest && !isRoundOver(newest) && run?.status === 'running' ? newest : undefined;
  const derived = open && prepared.open.get(open.round);
  const history = await readHistory(db, runId, { ...prepared, rows: prepared.rows.slice(-historyRounds) });
  const { condition = null } = (run ?? {}) as { condition?: Parameters<typeof causeOf>[0]['condition'] };
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
    round: open ? { round: open.round, status: open.status, startedAt: open.started_at } : null,
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
    expected_end,
    closing_now: open && selected.length > 0 ? closingNow(selected, saved) : null,
    funnel: {
      round: derived ? funnelOf([{ ...derived, started: isStarted.size }]) : null,
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

/** What each client's last results say. */
async function readHistory(
  db: Db,
  runId: RunId,
  prepared: Awaited<ReturnType<typeof prepareRounds>>,
): Promise<Map<ClientId, History>> {
  const history = new Map<ClientId, History>();
  for await (const { row, columns } of readDerivedRounds(db, runId, prepared)) {
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

/**
 * Selected → started → returned → counted. Started are those with a sign of work: a result, a failure, or that they
 * train. A result after the round's end has returned and does not count. [G7]
 */
export function funnelOf(
  rounds: readonly (Pick<Derived, 'row' | 'columns'> & { readonly started?: number })[],
): Funnel {
  const sum = { selected: 0, started: 0, returned: 0, counted: 0, wasted_ms: 0 };
  for (const { row, columns, started = 0 } of rounds) {
    sum.selected += row.num_clients_expected;
    sum.started += started;
    addParts(sum, columns);
  }
  const wasted = sum.started - sum.counted;
  const wasted_share = sum.started === 0 || !rounds.every(({ row }) => isRoundOver(row)) ? null : wasted / sum.started;
  return { ...sum, wasted_share };
}

function addParts(sum: Omit<Funnel, 'wasted_share'> & { started: number }, { outcome, flags, values }: Columns): void {
  for (let at = 0; at < outcome.length; at++) {
    const isComplete = outcome[at] === outcomeCodes.complete;
    const isLate = ((flags[at] as number) & flag.late) !== 0;
    const duration = values.duration_ms[at] as number;
    const hasWorked = isComplete || outcome[at] === outcomeCodes.failed;
    sum.started += Number(hasWorked);
    sum.returned += Number(isComplete);
    sum.counted += Number(isComplete && !isLate);
    if (hasWorked && (!isComplete || isLate) && duration > 0) sum.wasted_ms += duration;
  }
}

async function funnelOfRun(db: Db, runId: RunId, prepared: Awaited<ReturnType<typeof prepareRounds>>): Promise<Funnel> {
  const total = { selected: 0, started: 0, returned: 0, counted: 0, wasted_ms: 0 };
  for await (const { row, columns } of readDerivedRounds(db, runId, prepared)) {
    if (!isRoundOver(row)) continue;
    total.selected += row.num_clients_expected;
    addParts(total, columns);
  }
  return { ...total, wasted_share: total.started === 0 ? null : (total.started - total.counted) / total.started };
}

async function readAsynchronous(db: Db, runId: RunId): Promise<Waiting['asynchronous']> {
  const latest = await latestOf(db, runId, [...asynchronousNames.staleness, ...asynchronousNames.concurrency]);
  const find = (names: readonly string[]): MetricValue | null =>
    latest.find(({ name }) => names.includes(name))?.value ?? null;
  const staleness = find(asynchronousNames.staleness);
  const concurrency = find(asynchronousNames.concurrency);
  return staleness === null && concurrency === null ? null : { staleness, concurrency };
}

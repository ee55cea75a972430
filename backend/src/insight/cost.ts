import type { ClientId, Cost, RunId } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { type Range, readDerived, readLabels } from '../db/queries/insight.ts';
import type { RoundCosts } from '../db/tables/insight.ts';
import { prepareRounds } from './rounds.ts';
import { sumClients } from './totals.ts';

/** Values of one label that a cost is split by. */
const maxValues = 200;

/** Seconds and bytes of every round, cumulated from the first round of the run. [G9] */
export async function readCost(
  db: Db,
  runId: RunId,
  { label, from = 0, to = 2_147_483_647 }: Range & { readonly label?: string | undefined },
): Promise<Cost> {
  const prepared = await prepareRounds(db, runId, { to });
  const sums = new Map(
    (await readDerived(db, runId, prepared.stored, ['sums'])).map((each) => [each.round, each.sums]),
  );
  for (const [round, derived] of prepared.open) sums.set(round, derived.sums);
  const labels = await readLabels(db, runId);
  const cost: Columns = { round: [], duration_ms: [], client_ms: [], bytes_up: [], bytes_down: [], examples: [] };
  const cumulated: Cumulated = {
    cumulated_ms: [],
    cumulated_client_ms: [],
    cumulated_bytes_up: [],
    cumulated_bytes_down: [],
    cumulated_examples: [],
  };
  const total = { ms: 0, client_ms: 0, bytes_up: 0, bytes_down: 0, examples: 0 };
  for (const row of prepared.rows) {
    const duration =
      row.completed_at === null ? null : Math.max(0, Date.parse(row.completed_at) - Date.parse(row.started_at));
    const of: RoundCosts = sums.get(row.round) ?? nothing;
    total.ms += duration ?? 0;
    total.client_ms += of.client_ms;
    total.bytes_up += of.bytes_up;
    total.bytes_down += of.bytes_down;
    total.examples += of.examples;
    if (row.round < from) continue;
    cost.round.push(row.round);
    cost.duration_ms.push(duration);
    cost.client_ms.push(of.client_ms);
    cost.bytes_up.push(whole(of.bytes_up));
    cost.bytes_down.push(whole(of.bytes_down));
    cost.examples.push(whole(of.examples));
    cumulated.cumulated_ms.push(total.ms);
    cumulated.cumulated_client_ms.push(total.client_ms);
    cumulated.cumulated_bytes_up.push(whole(total.bytes_up));
    cumulated.cumulated_bytes_down.push(whole(total.bytes_down));
    cumulated.cumulated_examples.push(whole(total.examples));
  }
  const by_label = label === undefined ? null : await byLabel(db, runId, label, labels, prepared);
  const names = new Set<string>();
  for (const each of labels.values()) for (const name of Object.keys(each)) names.add(name);
  return { run_id: runId, ...cost, ...cumulated, by_label, labels: [...names].sort() };
}

type Columns = Pick<Cost, 'round' | 'duration_ms' | 'client_ms' | 'bytes_up' | 'bytes_down' | 'examples'>;
type Cumulated = Pick<
  Cost,
  'cumulated_ms' | 'cumulated_client_ms' | 'cumulated_bytes_up' | 'cumulated_bytes_down' | 'cumulated_examples'
>;
/** As large as a number on the wire may be. */
const whole = (sum: number): number => Math.min(Number.MAX_SAFE_INTEGER, Math.round(sum));

const nothing: RoundCosts = { client_ms: 0, bytes_up: 0, bytes_down: 0, examples: 0 };

async function byLabel(
  db: Db,
  runId: RunId,
  label: string,
  labels: ReadonlyMap<ClientId, Readonly<Record<string, string>>>,
  prepared: Awaited<ReturnType<typeof prepareRounds>>,
): Promise<NonNullable<Cost['by_label']>> {
  const totals = await sumClients(db, runId, prepared);
  const groups = new Map<string | null, NonNullable<Cost['by_label']>['items'][number]>();
  for (const [at, id] of prepared.numbers.ids.entries()) {
    const value = labels.get(id)?.[label] ?? null;
    const group = groups.get(value) ?? { value, num_clients: 0, ...nothing };
    const { client_ms, bytes_up, bytes_down, examples } = totals.of(at);
    group.num_clients += 1;
    group.client_ms += client_ms;
    group.bytes_up = whole(group.bytes_up + bytes_up);
    group.bytes_down = whole(group.bytes_down + bytes_down);
    group.examples = whole(group.examples + examples);
    groups.set(value, group);
  }
  const items = [...groups.values()].sort((a, b) => b.bytes_up + b.bytes_down - a.bytes_up - a.bytes_down);
  return { label, items: items.slice(0, maxValues) };
}

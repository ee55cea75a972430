import type { ClientId, Cost, RunId } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { type Range, readDerived, readLabels } from '../db/queries/insight.ts';
import type { RoundCosts } from '../db/tables/insight.ts';
import { prepareRounds, readDerivedRounds } from './rounds.ts';

const wanted = ['duration_ms', 'bytes_up', 'bytes_down', 'sample_count'] as const;
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
    cost.bytes_up.push(of.bytes_up);
    cost.bytes_down.push(of.bytes_down);
    cost.examples.push(of.examples);
    cumulated.cumulated_ms.push(total.ms);
    cumulated.cumulated_client_ms.push(total.client_ms);
    cumulated.cumulated_bytes_up.push(total.bytes_up);
    cumulated.cumulated_bytes_down.push(total.bytes_down);
    cumulated.cumulated_examples.push(total.examples);
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
const nothing: RoundCosts = { client_ms: 0, bytes_up: 0, bytes_down: 0, examples: 0 };

async function byLabel(
  db: Db,
  runId: RunId,
  label: string,
  labels: ReadonlyMap<ClientId, Readonly<Record<string, string>>>,
  prepared: Awaited<ReturnType<typeof prepareRounds>>,
): Promise<NonNullable<Cost['by_label']>> {
  const { ids } = prepared.numbers;
  const perClient = {
    client_ms: new Float64Array(ids.length),
    bytes_up: new Float64Array(ids.length),
    bytes_down: new Float64Array(ids.length),
    examples: new Float64Array(ids.length),
  };
  const add = (into: Float64Array, client: Uint32Array, column: Float32Array) => {
    for (let at = 0; at < client.length; at++) {
      const value = column[at] as number;
      const id = client[at] as number;
      if (Number.isFinite(value)) into[id] = (into[id] as number) + value;
    }
  };
  for await (const { columns } of readDerivedRounds(db, runId, prepared, wanted)) {
    const { client, values } = columns;
    add(perClient.client_ms, client, values.duration_ms);
    add(perClient.bytes_up, client, values.bytes_up);
    add(perClient.bytes_down, client, values.bytes_down);
    add(perClient.examples, client, values.sample_count);
  }
  const groups = new Map<string | null, NonNullable<Cost['by_label']>['items'][number]>();
  for (const [at, id] of ids.entries()) {
    const value = labels.get(id)?.[label] ?? null;
    const group = groups.get(value) ?? { value, num_clients: 0, ...nothing };
    group.num_clients += 1;
    group.client_ms += perClient.client_ms[at] as number;
    group.bytes_up += Math.round(perClient.bytes_up[at] as number);
    group.bytes_down += Math.round(perClient.bytes_down[at] as number);
    group.examples += Math.round(perClient.examples[at] as number);
    groups.set(value, group);
  }
  const items = [...groups.values()].sort((a, b) => b.bytes_up + b.bytes_down - a.bytes_up - a.bytes_down);
  return { label, items: items.slice(0, maxValues) };
}

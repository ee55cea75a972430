import { join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { amcheck } from '@electric-sql/pglite/contrib/amcheck';
import { openPglite } from '../../src/db/open-pglite.ts';
import { check, describe } from './checker.ts';
import { type Cut, cutRun, type Verdict } from './power-cut.ts';
import { factsOf, nameOf, nameOfFact } from './workload.ts';

/** Opens what a cut has left, counts it and writes to it. A process of its own: a database that is not whole may end it. */
process.on('message', async (cut: Cut) => {
  process.send?.(await judge(cut));
});

// A batch that was being stored when the power was cut.
const stepsUnderWay = 40;

async function judge({ folder, acknowledged }: Cut): Promise<Verdict> {
  let database: PGlite | undefined;
  try {
    database = await openPglite(join(folder, 'postgres'), { extensions: { amcheck } });
    const opened = database;
    const all = async <T>(text: string): Promise<T[]> => (await opened.query(text)).rows as T[];
    const tables = await all<{ n: number }>(
      `select count(*)::int as n from pg_class where relname in ('runs', 'metric_points', 'logs', 'rounds', 'client_updates')`,
    );
    const isMigrated = tables[0]?.n === 5;
    const names = Array.from({ length: acknowledged + stepsUnderWay }, (_, step) => factsOf(step).map(nameOfFact));
    const finding = check({
      acknowledged: names.slice(0, acknowledged).flat(),
      reported: new Set(names.flat()),
      read: isMigrated ? await readRun(all) : [],
    });
    const said = describe(finding);
    if (finding.lost.length > 0) return { kind: 'lost', detail: said ?? '' };
    if (said !== null) return { kind: 'corrupt', detail: said };
    if (!isMigrated) return { kind: 'whole', facts: 0 };
    // Rows and what is counted of them were stored in one transaction.
    const [sums] = await all<{ points: number; counted: number; parts: number; completed: number }>(`
      select (select count(*)::int from metric_points) as points,
        (select coalesce(sum(num_points), 0)::int from metric_series) as counted,
        (select count(*)::int from client_updates where outcome = 'complete') as parts,
        (select coalesce(sum(num_clients_completed), 0)::int from rounds) as completed`);
    if (sums && (sums.points !== sums.counted || sums.parts !== sums.completed))
      return { kind: 'corrupt', detail: `rows and their counts differ: ${JSON.stringify(sums)}` };
    await opened.exec('create extension if not exists amcheck');
    await all(`select bt_index_check(indexrelid, true) from pg_index
      join pg_class on pg_class.oid = indexrelid join pg_namespace on pg_namespace.oid = relnamespace
      where nspname = 'public' and relkind = 'i' and relam = (select oid from pg_am where amname = 'btree')`);
    await opened.exec('create table later (id int primary key); drop table later; checkpoint');
    return { kind: 'whole', facts: names.slice(0, acknowledged).flat().length };
  } catch (error) {
    return { kind: 'corrupt', detail: String(error).split('\n', 1)[0] ?? '' };
  } finally {
    await database?.close().catch(() => {});
  }
}

async function readRun(all: <T>(text: string) => Promise<T[]>): Promise<string[]> {
  const of = `where run_id = '${cutRun}'`;
  const points = await all<{ step: string; value: number }>(`select step, value from metric_points ${of}`);
  const lines = await all<{ message: string }>(`select message from logs ${of}`);
  const rounds = await all<{ round: number; status: string }>(`select round, status from rounds ${of}`);
  const results = await all<{ round: number; client_id: string; train_loss: number }>(
    `select round, client_id, train_loss from client_updates ${of} and outcome = 'complete'`,
  );
  return [
    ...points.map(({ step, value }) => nameOf.point(Number(step), value)),
    ...lines.map(({ message }) => nameOf.line(message)),
    ...rounds.map(({ round }) => nameOf.round(round)),
    ...rounds.flatMap(({ round, status }) => (status === 'complete' ? [nameOf.end(round)] : [])),
    ...results.map(({ round, client_id, train_loss }) => nameOf.result(round, client_id, train_loss)),
  ];
}

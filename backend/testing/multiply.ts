import type { RunId } from '@rondo/protocol';
import { sql } from 'drizzle-orm';
import { openDatabase } from '../src/db/database.ts';
import type { Db } from '../src/db/db.ts';

/**
 * Copies stored rows, in a process of its own, for benchmarks that need more rows than can be reported in minutes. What
 * was reported before gives their shape.
 */
export interface MultiplyJob {
  readonly type: 'go';
  readonly dataDir: string;
  readonly databaseUrl?: string | undefined;
  /** The newest round of a run, again and again up to a round; or runs named `run-0` … , up to a number of runs. */
  readonly what:
    | { readonly rounds: number; readonly of: RunId }
    | { readonly runs: number; readonly from: number; readonly apartS: number };
}

process.once('message', (job: MultiplyJob) => void multiply(job).then(() => process.send?.({ type: 'multiplied' })));
process.once('disconnect', () => process.exit());

/** Rows of one statement. */
const atOnce = 100_000;

async function multiply({ dataDir, databaseUrl, what }: MultiplyJob): Promise<void> {
  const database = await openDatabase({ databaseUrl, dataDir });
  if ('runs' in what) await copyRuns(database.db, what.from, what.runs, what.apartS);
  else await copyRounds(database.db, what.of, what.rounds);
  await database.db.execute(sql`analyze`);
  await database.close();
}

type Expressions = Readonly<Record<string, string>>;

async function copyRounds(db: Db, runId: RunId, last: number): Promise<void> {
  const run = `'${runId.replaceAll("'", "''")}'`;
  const newest = `(select max(round) from rounds where run_id = ${run})`;
  const [found] = await db.execute<{ round: number; parts: number }>(
    sql.raw(
      `select ${newest} as round, (select count(*)::int from client_updates where run_id = ${run} and round = ${newest}) as parts`,
    ),
  );
  const { round = 0, parts = 0 } = found ?? {};
  const step = Math.max(1, Math.floor(atOnce / Math.max(1, parts)));
  const after = (column: string) => `${column} + make_interval(secs => n - ${round})`;
  const moments = (...columns: string[]) => Object.fromEntries(columns.map((column) => [column, after(column)]));
  for (let from = round + 1; from <= last; from += step) {
    const series = `generate_series(${from}, ${Math.min(last, from + step - 1)}) as n`;
    const where = `run_id = ${run} and round = ${round}`;
    const seq = `updated_seq + n - ${round}`;
    await copy(db, 'rounds', series, where, {
      round: 'n',
      created_seq: seq,
      updated_seq: seq,
      ...moments('started_at', 'completed_at', 'status_at', 'announced_at', 'parts_after', 'parts_until'),
    });
    await copy(db, 'client_updates', series, where, {
      round: 'n',
      previous_part: 'n - 1',
      ...moments('submitted_at'),
    });
    // What was derived from it, if it was, is that of its copies.
    await copy(db, 'insight_rounds', series, where, { round: 'n', seq: `seq + n - ${round}` });
  }
  const more = last - round;
  await db.execute(
    sql.raw(`update runs set current_round = ${last}, seq = seq + ${more}, updated_seq = seq + ${more},
      rounds_seen = rounds_seen + ${more}, num_rounds_over = num_rounds_over + ${more} where run_id = ${run}`),
  );
  await db.execute(
    sql.raw(`update clients set current_round = ${last}, last_part = ${last}, num_parts = num_parts + ${more}
      where run_id = ${run}`),
  );
  await db.execute(
    sql.raw(`update list_totals set total = total + ${more}
      where run_id = ${run} and list = 'rounds' and total > 0`),
  );
}

async function copyRuns(db: Db, from: number, upTo: number, apartS: number): Promise<void> {
  const run_id = `'run-' || (split_part(run_id, '-', 2)::int + ${from} * n)`;
  const shift = (...columns: string[]) =>
    Object.fromEntries(columns.map((column) => [column, `${column} + make_interval(secs => n * ${from * apartS})`]));
  const rounds = { ...shift('started_at', 'completed_at', 'status_at') };
  const tables: readonly (readonly [string, Expressions])[] = [
    [
      'runs',
      {
        name: `'nightly-' || (split_part(run_id, '-', 2)::int + ${from} * n)`,
        ...shift('started_at', 'completed_at', 'status_at', 'created_at'),
      },
    ],
    ['rounds', rounds],
    ['client_updates', {}],
    ['clients', {}],
    ['run_summaries', {}],
    ['run_metrics', {}],
    ['list_totals', {}],
  ];
  const step = Math.max(1, Math.floor(atOnce / 10 / from));
  const last = Math.ceil(upTo / from) - 1;
  for (let n = 1; n <= last; n += step) {
    const series = `generate_series(${n}, ${Math.min(last, n + step - 1)}) as n`;
    for (const [table, expressions] of tables) {
      // Runs of other names stay as they are; a case, because the parts of an `and` have no order.
      const isFirst = `case when run_id ~ '^run-[0-9]+$' then split_part(run_id, '-', 2)::int < ${from} else false end`;
      const where = table === 'list_totals' ? `${isFirst} and list <> 'registered'` : isFirst;
      await copy(db, table, series, where, { run_id, ...expressions });
    }
  }
}

/** Inserts the rows again for each n of the series, with some columns computed. */
async function copy(db: Db, table: string, series: string, where: string, computed: Expressions): Promise<void> {
  const columns = await db.execute<{ name: string }>(
    sql`select column_name as name from information_schema.columns
      where table_schema = 'public' and table_name = ${table} and is_identity = 'NO' and is_generated = 'NEVER'`,
  );
  const names = columns.map(({ name }) => name);
  const values = names.map((name) => computed[name] ?? `"${name}"`);
  await db.execute(
    sql.raw(`insert into ${table} (${names.map((name) => `"${name}"`).join(', ')})
      select ${values.join(', ')} from ${table} cross join ${series} where ${where}`),
  );
}

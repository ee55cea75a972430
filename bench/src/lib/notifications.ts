import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import type { Figure } from './figure.ts';
import { quantiles } from './quantiles.ts';

const listeners = 4;
const senders = 8;
/** Of one flush: a run, its epoch and its seq. */
const padding = 'x'.repeat(120);

/** Transactions that notify, as fast as PostgreSQL takes them, and the delay until every listener has heard. */
export async function notifications(databaseUrl: string, seconds: number): Promise<Figure[]> {
  const delays: number[] = [];
  const listening = Array.from({ length: listeners }, () => new pg.Client(databaseUrl));
  for (const each of listening) {
    each.on('notification', ({ payload = '' }) => delays.push(performance.now() - Number(payload.split(' ', 1)[0])));
    await each.connect();
    await each.query('listen bench');
  }
  const sending = new pg.Pool({ connectionString: databaseUrl, max: senders });
  await sending.query('create table if not exists bench_notify (n int)');
  await sending.query('insert into bench_notify select n from generate_series(1, $1::int) as n', [senders]);
  const run = async (isNotified: boolean) => {
    const until = performance.now() + seconds * 1_000;
    let count = 0;
    const loop = async (n: number) => {
      const client = await sending.connect();
      for (; performance.now() < until; count++) {
        await client.query('begin');
        await client.query('update bench_notify set n = n where n = $1', [n]);
        if (isNotified) await client.query("select pg_notify('bench', $1)", [`${performance.now()} ${padding}`]);
        await client.query('commit');
      }
      client.release();
    };
    await Promise.all(Array.from({ length: senders }, (_, n) => loop(n + 1)));
    return count / seconds;
  };
  const silent = await run(false);
  const loud = await run(true);
  await wait(1_000);
  await sending.query('drop table bench_notify');
  await Promise.all([...listening, sending].map((each) => each.end()));
  const [p50, p99] = quantiles(delays, [0.5, 0.99]);
  return [
    {
      name: `transactions that notify ${listeners} listeners`,
      value: loud,
      unit: '/s',
      note: `${Math.round(silent)}/s of the same without; heard after p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)} ms`,
    },
  ];
}

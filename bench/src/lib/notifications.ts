import { setTimeout as wait } from 'node:timers/promises';
import postgres from 'postgres';
import type { Figure } from './figure.ts';
import { quantiles } from './quantiles.ts';

const listeners = 4;
const senders = 8;
/** Of one flush: a run, its epoch and its seq. */
const padding = 'x'.repeat(120);

/** Transactions that notify, as fast as PostgreSQL takes them, and the delay until every listener has heard. */
export async function notifications(databaseUrl: string, seconds: number): Promise<Figure[]> {
  const connect = (max: number) => postgres(databaseUrl, { max, onnotice: () => {}, fetch_types: false });
  const delays: number[] = [];
  const listening = Array.from({ length: listeners }, () => connect(1));
  for (const each of listening)
    await each.listen('bench', (payload) => delays.push(performance.now() - Number(payload.split(' ', 1)[0])));
  const sending = connect(senders);
  await sending`create table if not exists bench_notify (n int)`;
  await sending`insert into bench_notify select n from generate_series(1, ${senders}::int) as n`;
  const run = async (isNotified: boolean) => {
    const until = performance.now() + seconds * 1_000;
    let count = 0;
    const loop = async (n: number) => {
      for (; performance.now() < until; count++) {
        await sending.begin(async (tx) => {
          await tx`update bench_notify set n = n where n = ${n}`;
          if (isNotified) await tx`select pg_notify('bench', ${`${performance.now()} ${padding}`})`;
        });
      }
    };
    await Promise.all(Array.from({ length: senders }, (_, n) => loop(n + 1)));
    return count / seconds;
  };
  const silent = await run(false);
  const loud = await run(true);
  await wait(1_000);
  await sending`drop table bench_notify`;
  await Promise.all([...listening, sending].map((each) => each.end({ timeout: 5 })));
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

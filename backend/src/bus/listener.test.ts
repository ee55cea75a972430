import { expect, it, onTestFinished } from 'vitest';
import { startPostgres } from '../../testing/postgres.ts';
import { type OpenListenConnection, openDatabase } from '../db/database.ts';
import { keepListening, notify } from './listener.ts';

type On = Parameters<OpenListenConnection>[0];

/** Lines that the test lets die. Those before `worksFrom` never connect; one that `isDeaf` says nothing back. */
function makeLines({ worksFrom = 0, isDeaf = false } = {}) {
  const opened: { on: On; at: number; hasEnded: boolean }[] = [];
  const open: OpenListenConnection = (on) => {
    const line = { on, at: performance.now(), hasEnded: false };
    const works = opened.push(line) > worksFrom;
    return {
      query: async (text: string, values: string[] = []) => {
        if (text.includes('pg_notify') && !isDeaf) queueMicrotask(() => on.onNotify(String(values[1])));
        if (!works) throw new Error('ECONNREFUSED');
      },
      end: async () => {
        line.hasEnded = true;
      },
    };
  };
  return { opened, open };
}

function listen({ open }: { open: OpenListenConnection }, pace = {}) {
  const record = { received: [] as string[], listening: 0, failures: [] as unknown[] };
  const handlers = {
    received: (payload: string) => record.received.push(payload),
    listening: () => {
      record.listening += 1;
    },
    failed: (error: unknown) => record.failures.push(error),
  };
  const stop = keepListening(open, 'echo', handlers, { checkMs: 10_000, minRetryMs: 1, maxRetryMs: 20, ...pace });
  onTestFinished(stop);
  return { ...record, record, stop };
}

it('[D1] receives messages from other servers, and not its own', async () => {
  const lines = makeLines();
  const { record } = listen(lines);
  await expect.poll(() => record.listening).toBe(1);
  lines.opened[0]?.on.onNotify('from another');
  expect(record).toMatchObject({ received: ['from another'], failures: [] });
});

it('[D3] opens a lost line again and says so, since it may have missed something', async () => {
  const lines = makeLines();
  const { record } = listen(lines);
  await expect.poll(() => record.listening).toBe(1);
  lines.opened[0]?.on.onClose();
  await expect.poll(() => record.listening).toBe(2);
  expect(lines.opened.map(({ hasEnded }) => hasEnded)).toEqual([true, false]);
  expect(record.failures).toHaveLength(1);
});

it('[D3] tries a database that is away later and later, up to a bound', async () => {
  const lines = makeLines({ worksFrom: 7 });
  const { record } = listen(lines, { minRetryMs: 2, maxRetryMs: 40 });
  await expect.poll(() => record.listening, { timeout: 5_000 }).toBe(1);
  const waits = lines.opened.slice(1).map(({ at }, index) => at - (lines.opened[index]?.at ?? 0));
  expect(record.failures).toHaveLength(7);
  // Half of each wait is random: 1–2, 2–4, 4–8, 8–16, 16–32, 20–40, 20–40.
  for (const [index, wait] of waits.entries()) expect(wait).toBeGreaterThanOrEqual(Math.min(20, 2 ** index) - 1);
});

it('[D3] gives up a line on which its own echo does not come back', async () => {
  const lines = makeLines({ isDeaf: true });
  const { record } = listen(lines, { checkMs: 5 });
  await expect.poll(() => lines.opened.length).toBeGreaterThan(1);
  expect(String(record.failures[0])).toMatch(/silent.*not a pooler/);
});

it('stops on request, also while it waits to retry', async () => {
  const lines = makeLines({ worksFrom: Number.POSITIVE_INFINITY });
  const { record, stop } = listen(lines, { minRetryMs: 60_000, maxRetryMs: 60_000 });
  await expect.poll(() => record.failures.length).toBe(1);
  await stop();
  expect(lines.opened.map(({ hasEnded }) => hasEnded)).toEqual([true]);
});

it('[D1] sends nothing for a transaction that was rolled back', async () => {
  const postgres = await startPostgres();
  const database = await openDatabase({ databaseUrl: await postgres.createDatabase('bell'), dataDir: '/nowhere' });
  const received: string[] = [];
  let isListening = false;
  const stop =
    database.openListenConnection &&
    keepListening(database.openListenConnection, 'echo', {
      received: (payload) => received.push(payload),
      listening: () => {
        isListening = true;
      },
      failed: () => {},
    });
  await expect.poll(() => isListening).toBe(true);
  const undone = database.db.transaction(async (tx) => {
    await notify(tx, 'undone');
    throw new Error('no');
  });
  await expect(undone).rejects.toThrow('no');
  await database.db.transaction((tx) => notify(tx, 'done'));
  await expect.poll(() => received).toEqual(['done']);
  await stop?.();
  await database.close();
  await postgres.stop();
}, 240_000);

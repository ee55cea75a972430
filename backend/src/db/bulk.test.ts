import type { ClientId, RunId } from '@rondo/protocol';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestDatabase } from '../../testing/database.ts';
import { bulkInsert, bulkUpsert, send, updateOf } from './bulk.ts';
import type { Database } from './database.ts';
import { clientUpdates } from './schema.ts';

type Row = typeof clientUpdates.$inferSelect;
const run_id = 'r' as RunId;

const part = (round: number, client: string, change: Partial<Row> = {}): Row => ({
  run_id,
  round,
  client_id: client as ClientId,
  attempt: 1,
  outcome: 'complete',
  sample_count: 2 ** 53 - 1,
  train_loss: 'NaN',
  metrics: { accuracy: 0.5 },
  duration_ms: 1e-7,
  bytes_up: null,
  bytes_down: null,
  update_norm: '-Infinity',
  cosine_to_mean: null,
  cosine_to_previous: null,
  error: `it's "null" \\ $1 \u{1F3B6}`,
  submitted_at: '2026-01-31T12:00:00.123Z',
  previous_part: null,
  ...change,
});

describe('rows written in one statement', () => {
  let database: Database;
  beforeAll(async () => {
    database = await openTestDatabase();
  });
  afterAll(() => database.close());
  const stored = (round: number) =>
    database.db.select().from(clientUpdates).where(eq(clientUpdates.round, round)).orderBy(clientUpdates.client_id);

  it.each([
    ['alone', [part(1, 'a')]],
    ['with values that all of them share', [part(2, 'a'), part(2, 'b')]],
    ['with a value that one of them lacks', [part(3, 'a', { bytes_up: 0 }), part(3, 'b'), part(3, 'c', { error: '' })]],
    [
      'with a null that one of them lacks',
      [part(4, 'a'), part(4, 'b', { train_loss: null, error: null, metrics: {}, submitted_at: null })],
    ],
  ])('read as they were: %s', async (_, rows) => {
    await bulkInsert(database.db, clientUpdates, rows);
    expect(await stored(rows[0]?.round ?? 0)).toEqual(rows);
  });

  it('replace what was there, nulls included', async () => {
    const key = { key: ['run_id', 'round', 'client_id'] };
    await bulkInsert(database.db, clientUpdates, [part(5, 'a'), part(5, 'b')]);
    const rows = [part(5, 'a', { error: null, train_loss: 1 }), part(5, 'b', { error: null, bytes_up: 7 })];
    await bulkUpsert(database.db, clientUpdates, rows, key);
    expect(await stored(5)).toEqual(rows);
  });

  it('change in what differs, and in nothing else', async () => {
    const key = { key: ['run_id', 'round', 'client_id'] };
    const before = [part(7, 'a'), part(7, 'b', { metrics: {} }), part(7, 'c')];
    await bulkInsert(database.db, clientUpdates, before);
    const [a, b, c] = before as [Row, Row, Row];
    const changedA = { ...a, outcome: 'failed', train_loss: null, metrics: { '"\\': 'Infinity' } } satisfies Row;
    const changedB = { ...b, train_loss: -0.1, bytes_up: 3 };
    await database.db.update(clientUpdates).set({ error: 'from elsewhere' }).where(eq(clientUpdates.round, 7));
    const changes = [
      [a, changedA],
      [b, changedB],
    ] as const;
    await send(database.db, updateOf(clientUpdates, changes, key));
    const error = 'from elsewhere';
    expect(await stored(7)).toEqual([
      { ...changedA, error },
      { ...changedB, error },
      { ...c, error },
    ]);
    await send(database.db, updateOf(clientUpdates, [[a, { ...a, metrics: {} }]], key));
    await send(database.db, updateOf(clientUpdates, [[b, b]], key));
    expect((await stored(7)).map(({ metrics }) => metrics)).toEqual([{}, {}, c.metrics]);
  });

  it('are refused when a row that should be new already exists', async () => {
    await bulkInsert(database.db, clientUpdates, [part(6, 'a')]);
    await expect(bulkInsert(database.db, clientUpdates, [part(6, 'a'), part(6, 'b')])).rejects.toThrow();
    expect(await stored(6)).toHaveLength(1);
  });
});

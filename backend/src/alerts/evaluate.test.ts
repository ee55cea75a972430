import { defaultProject } from '@rondo/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { counting } from '../../testing/counting.ts';
import { openTestDatabase } from '../../testing/database.ts';
import { makeRun } from '../../testing/facts.ts';
import type { Database } from '../db/database.ts';
import { deleteAlertRule, insertAlertRule } from '../db/queries/alert-settings.ts';
import { AlertEvaluator, sweepEveryMs } from './evaluate.ts';

let database: Database;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

function makeEvaluator() {
  let [queries, now] = [0, Date.now()];
  const db = counting(database.db, () => {
    queries += 1;
  });
  const evaluator = new AlertEvaluator({ db, now: () => now });
  /** Queries of a thousand commits and the looks after them, over a quarter of an hour. */
  const commits = async () => {
    queries = 0;
    for (let n = 0; n < 1_000; n++) {
      evaluator.note(makeRun().id, defaultProject);
      now += sweepEveryMs / 10;
      if (n % 10 === 0) await evaluator.look();
    }
    return queries;
  };
  return { evaluator, commits, look: () => evaluator.look() };
}

const aRule = {
  project_id: defaultProject,
  name: 'x',
  tag: null,
  condition: { kind: 'run_failed' },
  throttle_s: 0,
  quiet_hours: null,
  notify_over: true,
  enabled: true,
  created_at: '2026-01-01T00:00:00.000Z',
  created_by: null,
} as const;

it('[E3] without rules a commit asks the database nothing', async () => {
  const { look, commits } = makeEvaluator();
  await look();
  expect(await commits()).toBe(0);
});

it('[E3] notices a rule that another server made, and its end', async () => {
  const { evaluator, look, commits } = makeEvaluator();
  await look();
  const id = crypto.randomUUID();
  await insertAlertRule(database.db, { ...aRule, id });
  expect(await commits()).toBe(0);
  evaluator.noteRules(defaultProject);
  expect(await commits()).toBeGreaterThan(100);
  await deleteAlertRule(database.db, id);
  evaluator.noteMissed();
  await look();
  expect(await commits()).toBe(0);
});

import { expect, it } from 'vitest';
import { createFailureLogger } from './failure-logger.ts';

it('[M6] logs sixty failures a minute, counts the others, and reports their number', () => {
  let nowMs = 0;
  const entries: object[] = [];
  const logFailure = createFailureLogger(() => nowMs);
  const fail = () => logFailure({ error: (entry: object) => void entries.push(entry) } as never, new Error('broken'));
  for (let n = 0; n < 1_000; n += 1) fail();
  expect(entries).toHaveLength(60);
  nowMs = 60_000;
  fail();
  fail();
  expect(entries.slice(60)).toMatchObject([{ unlogged_before: 940 }, {}]);
  expect(entries[61]).not.toHaveProperty('unlogged_before');
});

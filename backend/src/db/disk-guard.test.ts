import { tmpdir } from 'node:os';
import { DrizzleQueryError } from 'drizzle-orm';
import { expect, it } from 'vitest';
import { NoRoom } from '../errors.ts';
import { watchDisk } from './disk-guard.ts';
import { isDiskFull } from './transient.ts';

const diskFull = Object.assign(new Error('could not extend file: No space left on device'), { code: '53100' });

it("[B5] PostgreSQL's disk_full is a 507 until the database stores something again", async () => {
  let isFull = true;
  const guard = watchDisk({
    folder: tmpdir(),
    reserveBytes: 0,
    isEmbedded: false,
    everyMs: 60_000,
    log: { error: () => {}, info: () => {} },
    probe: async () => {
      if (isFull) throw diskFull;
    },
  });
  try {
    guard.check();
    const refusal = guard.refusalOf(new DrizzleQueryError('insert into facts', [], diskFull));
    expect(refusal).toBeInstanceOf(NoRoom);
    expect(refusal?.status).toBe(507);
    expect(guard.problem).toContain("the database's disk is full");
    await guard.look();
    expect(() => guard.check()).toThrow(NoRoom);
    isFull = false;
    await guard.look();
    guard.check();
  } finally {
    await guard.stop();
  }
});

it.each([
  ['53100', true],
  ['ENOSPC', true],
  ['EDQUOT', true],
  ['53200', false],
  ['23505', false],
])('[B5] the code %s means a full disk: %s', (code, isFull) => {
  expect(isDiskFull(new Error('outer', { cause: Object.assign(new Error('inner'), { code }) }))).toBe(isFull);
});

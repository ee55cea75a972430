import { passwordSchema } from '@rondo/protocol';
import { describe, expect, it } from 'vitest';
import { TooMany } from '../errors.ts';
import { hashPassword, verifyPassword } from './passwords.ts';

describe('passwords', () => {
  it('are stored as argon2id with at least 46 MiB, never as text', async () => {
    const stored = await hashPassword('correct horse');
    expect(stored).toMatch(/^\$argon2id\$v=19\$m=47104,t=1,p=1\$/);
    expect(stored).not.toContain('correct horse');
  });

  it('verify against their own hash only', async () => {
    const stored = await hashPassword('correct horse');
    expect(await verifyPassword(stored, 'correct horse')).toBe(true);
    expect(await verifyPassword(stored, 'correct horsf')).toBe(false);
  });

  it('take the same work to refuse for an unknown user as for a known one', async () => {
    const stored = await hashPassword('correct horse');
    const known = await timeMs(() => verifyPassword(stored, 'wrong horse'));
    const unknown = await timeMs(async () => expect(await verifyPassword(undefined, 'wrong horse')).toBe(false));
    // A skipped hash takes microseconds; a tenth leaves room for a busy machine.
    expect(unknown).toBeGreaterThan(known / 10);
  });

  it('have 8 to 256 characters', () => {
    const accepted = [7, 8, 256, 257].map((length) => passwordSchema.safeParse('x'.repeat(length)).success);
    expect(accepted).toEqual([false, true, true, false]);
  });

  it('beyond 34 at once are refused rather than queued', async () => {
    const admitted = Array.from({ length: 34 }, () => verifyPassword(undefined, 'x'));
    await expect(verifyPassword(undefined, 'x')).rejects.toBeInstanceOf(TooMany);
    await Promise.all(admitted);
    expect(await verifyPassword(undefined, 'x')).toBe(false);
  });
});

async function timeMs(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

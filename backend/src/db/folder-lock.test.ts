import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askOwner, FolderInUse, lockFolder } from './folder-lock.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'rondo-test-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const holder = fileURLToPath(new URL('../../testing/lock-holder.ts', import.meta.url));

/** Another process that has the folder until it is killed. */
async function startHolder(folder: string) {
  const child = fork(holder, [folder]);
  await once(child, 'message');
  return {
    kill: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

describe.each([
  ['of an ordinary name', 'data'],
  ['of a name longer than that of a socket may be', 'd'.repeat(120)],
])('[B7] [security L5] a data folder %s', (_, name) => {
  let folder: string;
  beforeEach(() => {
    folder = join(home, name);
    mkdirSync(folder, { mode: 0o700 });
  });

  it('[security L5] has one owner, and its lock lies within it', async () => {
    const lock = await lockFolder(folder);
    expect(readdirSync(folder)).toEqual(['lock.sock']);
    expect(statSync(join(folder, 'lock.sock')).mode & 0o777).toBe(0o600);
    await expect(lockFolder(folder)).rejects.toThrow(FolderInUse);
    await expect(lockFolder(folder)).rejects.toThrow(`another Rondo server is using ${folder}; stop it`);
    lock.close();
    expect(readdirSync(folder)).toEqual([]);
    (await lockFolder(folder)).close();
  });

  it('answers a word to those who ask its owner', async () => {
    const lock = await lockFolder(folder);
    lock.answer('time', async (socket) => {
      socket.end('noon');
    });
    const socket = await askOwner(folder, 'time');
    const [said] = await once(socket, 'data');
    expect(String(said)).toBe('noon');
    lock.close();
  });

  it('is taken over when its owner was killed with -9, by one of many', async () => {
    const other = await startHolder(folder);
    await expect(lockFolder(folder)).rejects.toThrow(FolderInUse);
    await other.kill();
    expect(existsSync(join(folder, 'lock.sock'))).toBe(true);
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder)));
    const taken = tries.filter((result) => result.status === 'fulfilled');
    expect(taken).toHaveLength(1);
    expect(readdirSync(folder)).toEqual(['lock.sock']);
    for (const { value } of taken) value.close();
  }, 60_000);
});

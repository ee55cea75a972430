import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { chmod, link, mkdtemp, realpath, rename, rm, symlink } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * One process per data folder: a bound socket is a lock that the system releases when its owner dies. A process that
 * cannot have the folder may send its owner a request through it. It lies in the folder, which only one user can open:
 * no stranger can take its name first. [security L5]
 */
export interface FolderLock {
  /** Answers those who say the word. Until then, and to any other word, the socket is closed. */
  answer(word: string, answer: (socket: Socket) => Promise<void>): void;
  close(): void;
}

export class FolderInUse extends Error {}

const lockName = 'lock.sock';

export async function lockFolder(dataDir: string): Promise<FolderLock> {
  const answers = new Map<string, (socket: Socket) => Promise<void>>();
  const server = createServer((socket) => {
    socket.on('error', () => {}); // it left
    socket.once('data', (said) => {
      const answer = answers.get(String(said).trim());
      if (answer) answer(socket).catch(() => socket.destroy());
      else socket.end();
    });
  });
  server.unref();
  const folder = await realpath(dataDir);
  await withShortName(folder, async (name) => {
    const path = join(name, lockName);
    if (!(await listen(server, path))) {
      if (!(await isAlive(path))) await takeAway(path);
      if (!(await listen(server, path))) throw inUse(dataDir);
    }
    await chmod(path, 0o600);
  });
  return {
    answer: (word, answer) => answers.set(word, answer),
    close: () => {
      // Node.js removes the socket by the name that it was bound by, which may have gone through a link.
      if (!isShort(folder)) rmSync(join(folder, lockName), { force: true });
      server.close();
    },
  };
}

/** Says the word to the process that has the folder, and receives its answer. */
export async function askOwner(dataDir: string, word: string): Promise<Socket> {
  const socket = await withShortName(await realpath(dataDir), async (folder) => {
    const connecting = connect(join(folder, lockName));
    await once(connecting, 'connect');
    return connecting;
  });
  socket.write(`${word}\n`);
  return socket;
}

const inUse = (dataDir: string) =>
  new FolderInUse(`another Rondo server is using ${dataDir}; stop it, or set DATA_DIR to another folder`);

/** False when the name is taken. */
async function listen(server: Server, path: string): Promise<boolean> {
  server.listen(path);
  try {
    await once(server, 'listening');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
}

/** Removes the socket of a process that was killed. What another start bound a moment ago gets its name back. */
async function takeAway(path: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (await isAlive(aside)) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
}

async function isAlive(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

// The system takes 107 bytes on Linux and 103 on macOS for the name of a socket.
const longestPath = 100;

const isShort = (folder: string): boolean =>
  Buffer.byteLength(join(folder, lockName)) + randomUUID().length < longestPath;

/** The folder by a name that leaves room for that of a socket: its own, or that of a link in a private folder. */
async function withShortName<T>(folder: string, work: (folder: string) => Promise<T>): Promise<T> {
  if (isShort(folder)) return work(folder);
  const home = await mkdtemp(join(tmpdir(), 'rondo-'));
  try {
    await symlink(folder, join(home, 'd'));
    return await work(join(home, 'd'));
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

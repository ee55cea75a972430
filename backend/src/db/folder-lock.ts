import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, realpath, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/**
 * One process per data folder: a bound socket is a lock that the system releases when its owner dies. A process that
 * cannot have the folder may send its owner a request through it; only the same user of the machine can.
 */
export interface FolderLock {
  /** Answers those who say the word. Until then, and to any other word, the socket is closed. */
  answer(word: string, answer: (socket: Socket) => Promise<void>): void;
  close(): void;
}

export class FolderInUse extends Error {}

export async function lockFolder(dataDir: string): Promise<FolderLock> {
  const path = await socketOf(dataDir);
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
  for (const attempt of ['first', 'second'] as const) {
    try {
      server.listen(path);
      await once(server, 'listening');
      await chmod(path, 0o600);
      return { answer: (word, answer) => answers.set(word, answer), close: () => server.close() };
    } catch (error) {
      const inUse = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (!inUse || attempt === 'second' || (await isOwned(path))) {
        throw new FolderInUse(`another Rondo server is using ${dataDir}; stop it, or set DATA_DIR to another folder`, {
          cause: error,
        });
      }
      await rm(path, { force: true });
    }
  }
  throw new Error('unreachable');
}

/** Sends the word to the process that holds the folder, and returns its reply. */
export async function askOwner(dataDir: string, word: string): Promise<Socket> {
  const socket = connect(await socketOf(dataDir));
  await once(socket, 'connect');
  socket.write(`${word}\n`);
  return socket;
}

async function socketOf(dataDir: string): Promise<string> {
  const digest = createHash('sha256')
    .update(await realpath(dataDir))
    .digest('hex')
    .slice(0, 24);
  return join(tmpdir(), `rondo-lock-${userInfo().uid}-${digest}`);
}

async function isOwned(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false; // its owner died without removing it
  } finally {
    socket.destroy();
  }
}

import { randomUUID } from 'node:crypto';
import {
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isRecord } from '../plain.ts';

// No lock works in every language, container and network disk, so this uses what all have: exclusive creation of
// a file, its modification time, and a check whether a process lives.

/** How often an owner says that it lives. [R25] */
export const touchMs = 10_000;
// Twelve touches missed; a machine that swaps or a disk that hangs misses a few.
const silentS = 120;

/** A folder that is ours until another process takes it over. */
export class FolderLock {
  readonly #generation: number;
  readonly #token: string;
  #folder: string;

  constructor(folder: string, generation: number, token: string) {
    this.#folder = folder;
    this.#generation = generation;
    this.#token = token;
  }

  get #path(): string {
    return lockPath(this.#folder, this.#generation);
  }

  movedTo(folder: string): void {
    this.#folder = folder;
  }

  /** Says that we live; `false` if the folder is no longer ours. */
  keep(): boolean {
    try {
      const now = new Date();
      utimesSync(this.#path, now, now);
    } catch (error) {
      // A disk that fails now and then does not give the folder to another process.
      return !hasCode(error, 'ENOENT');
    }
    return !existsSync(lockPath(this.#folder, this.#generation + 1));
  }

  /** Releases the folder to the next reporter, at once. May throw. */
  release(): void {
    const beside = `${this.#path}.tmp`;
    writeFileSync(beside, JSON.stringify({ released: true, token: this.#token }), { mode: 0o600 });
    renameSync(beside, this.#path);
  }

  /** As if it had never been taken. */
  giveBack(): void {
    rmSync(this.#path, { force: true });
  }

  /** The folder is empty but for its locks. */
  remove(): void {
    for (const name of readdirSync(this.#folder)) {
      if (name.startsWith('lock-')) rmSync(join(this.#folder, name), { force: true });
    }
  }
}

/** Creates the lock of this generation, unless another process was faster. May throw. */
export function take(folder: string, generation: number): FolderLock | null {
  const token = randomUUID();
  const mine = { pid: process.pid, started: startOfLiving(process.pid) || null, place: here(), token };
  return createWhole(lockPath(folder, generation), JSON.stringify(mine), join(folder, `.${token}`))
    ? new FolderLock(folder, generation, token)
    : null;
}

/**
 * Creates a file exclusively, including its text: a process killed between the two would leave an unreadable lock, and
 * the folder would wait two minutes for it. Returns `false` if the file exists. May throw.
 */
function createWhole(path: string, text: string, beside: string): boolean {
  writeFileSync(beside, text, { mode: 0o600 });
  try {
    linkSync(beside, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    return createAtOnce(path, text); // A file system that knows no links.
  } finally {
    rmSync(beside, { force: true });
  }
}

function createAtOnce(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Takes over a folder whose owner has ended. May throw. */
export function takeOver(folder: string): FolderLock | null {
  const generation = highestLock(folder);
  // Removed except for itself, or created by hand: reporters never create a folder without its lock.
  if (generation === 0) return ageS(folder) > silentS ? take(folder, 1) : null;
  const path = lockPath(folder, generation);
  const text = readFileSync(path, 'utf8');
  return isGone(text, ageS(path), here(), startOfLiving) ? take(folder, generation + 1) : null;
}

/**
 * True if the owner that a lock names has ended. `startedOf` returns the start time of a local process: `false` if it
 * does not live, `null` if unknown. [R25]
 */
export function isGone(
  text: string,
  silentForS: number,
  place: string,
  startedOf: (pid: number) => string | false | null,
): boolean {
  const owner = readOwner(text);
  if (owner.released === true) return true;
  const { pid } = owner;
  if (owner.place !== place || typeof pid !== 'number' || !Number.isInteger(pid) || pid <= 0)
    return silentForS > silentS;
  const started = startedOf(pid);
  if (started === false) return true;
  // The number of an ended process is given to another one sooner or later.
  return started !== null && typeof owner.started === 'string' && started !== owner.started;
}

/** Identifies the namespace of process ids. */
function here(): string {
  const parts = [hostname()];
  try {
    parts.push(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
    parts.push(readlinkSync('/proc/self/ns/pid'));
  } catch {
    // Not Linux: the host's name has to do.
  }
  return parts.join(' ');
}

function highestLock(folder: string): number {
  const names = readdirSync(folder).filter((name) => /^lock-\d+$/.test(name));
  return Math.max(0, ...names.map((name) => Number(name.slice(5))));
}

const lockPath = (folder: string, generation: number): string => join(folder, `lock-${generation}`);

const ageS = (path: string): number => (Date.now() - statSync(path).mtimeMs) / 1_000;

function readOwner(text: string): Record<string, unknown> {
  try {
    const owner: unknown = JSON.parse(text);
    return isRecord(owner) ? owner : {};
  } catch {
    return {}; // Incomplete, because its process was killed.
  }
}

function startOfLiving(pid: number): string | false | null {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Any other error means that it lives, and belongs to another user.
    if (hasCode(error, 'ESRCH')) return false;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name, in brackets, with whatever it likes in it.
    const fields = stat
      .slice(stat.lastIndexOf(')') + 1)
      .trim()
      .split(/\s+/);
    // Killed, and not yet waited for by its parent.
    return 'ZX'.includes(fields[0] ?? '') ? false : (fields[19] ?? null);
  } catch {
    return null;
  }
}

const hasCode = (error: unknown, code: string): boolean => isRecord(error) && error.code === code;

/**
 * Everything in a folder, the lock last. The oldest segment first: what a kill leaves of it must still say what is settled.
 * May throw.
 */
export function removeFolder(folder: string, lock: FolderLock): void {
  for (const name of readdirSync(folder).sort()) {
    if (!name.startsWith('lock-')) unlinkSync(join(folder, name));
  }
  lock.remove();
  rmdirSync(folder);
}

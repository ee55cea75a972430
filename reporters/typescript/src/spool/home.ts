import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readdirSync, readSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { folderOf, normalizeAddress } from '../address.ts';
import type { ReporterOptions } from '../options.ts';
import { type FolderLock, removeFolder, take, takeOver } from './lock.ts';
import { eachLine, type Header, parse, spoolVersion } from './records.ts';
import { defaultMaxBytes, Spool } from './spool.ts';
import { readState, segmentIndexes, segmentPath } from './state.ts';

// Incomplete because its process died in the same instant; renaming a folder never takes longer.
const halfMadeMs = 60 * 60_000;
// Less than a few batches would drop what is being sent.
const leastMaxBytes = 1024 * 1024;

/** The root of all spools, or `null` if there is to be none. [R19] */
function defaultRoot(env: NodeJS.ProcessEnv): string | null {
  const given = env.RONDO_SPOOL_DIR?.trim() ?? '';
  if (given !== '') return given.toLowerCase() === 'off' ? null : given.replace(/^~(?=$|[/\\])/, homedir());
  const base =
    process.platform === 'win32' ? (env.LOCALAPPDATA ?? '') : env.XDG_STATE_HOME || join(homedir(), '.local', 'state');
  return isAbsolute(base) ? join(base, 'rondo', 'spool') : join(tmpdir(), 'rondo-spool');
}

/** [R24] */
function defaultBound(env: NodeJS.ProcessEnv): number {
  const given = env.RONDO_SPOOL_MAX_BYTES?.trim() ?? '';
  return /^\d+$/.test(given) ? Math.max(Number(given), leastMaxBytes) : defaultMaxBytes;
}

interface SpoolHomeOptions {
  readonly root: string;
  /** The server's address, as `normalizeAddress` writes it. */
  readonly address: string;
  readonly at: () => string;
  readonly maxBytes: number;
}

/** The folder of one server: where spools are made, and where those of ended processes are found. [R19, R25, R26] */
export class SpoolHome {
  readonly #folder: string;
  readonly #options: SpoolHomeOptions;

  constructor(options: SpoolHomeOptions) {
    this.#options = options;
    this.#folder = join(options.root, folderOf(options.address));
  }

  /** A folder of one's own. May throw. */
  create(run_id: string): Spool {
    const { address, at, maxBytes } = this.#options;
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const reporter_id = randomUUID();
    const halfMade = join(this.#folder, `.new-${reporter_id}`);
    mkdirSync(halfMade, { mode: 0o700 });
    const lock = take(halfMade, 1);
    if (lock === null) throw new Error(`${halfMade} is locked`);
    const folder = join(this.#folder, reporter_id);
    renameSync(halfMade, folder);
    lock.movedTo(folder);
    try {
      return new Spool({
        folder,
        lock,
        header: makeHeader({ reporter_id, run_id, url: address, at: at() }),
        at,
        maxBytes,
      });
    } catch (error) {
      removeQuietly(folder, lock);
      throw error;
    }
  }

  /** The spools whose owners have ended, oldest first. Never rejects: an unreadable one is skipped. */
  async adopt(): Promise<Spool[]> {
    const found: Spool[] = [];
    for (const folder of this.#folders()) {
      const spool = await this.#adoptOne(folder);
      if (spool) found.push(spool);
    }
    return found.sort(byAge);
  }

  #folders(): string[] {
    try {
      const names = readdirSync(this.#folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
      const [halfMade, whole] = partition(names.map(({ name }) => name));
      for (const name of halfMade) this.#removeIfOld(join(this.#folder, name));
      return whole.sort().map((name) => join(this.#folder, name));
    } catch {
      return []; // There is none yet, or the disk fails; both are looked for again.
    }
  }

  #removeIfOld(folder: string): void {
    try {
      if (Date.now() - statSync(folder).mtimeMs > halfMadeMs) rmSync(folder, { recursive: true, force: true });
    } catch {
      // Another process has just renamed or removed it.
    }
  }

  async #adoptOne(folder: string): Promise<Spool | null> {
    try {
      if (isOfLaterVersion(folder)) return null;
      const lock = takeOver(folder);
      if (lock === null) return null;
      await setImmediate();
      return await this.#open(folder, lock);
    } catch {
      return null; // Its owner has removed it, or we may not read it.
    }
  }

  async #open(folder: string, lock: FolderLock): Promise<Spool | null> {
    const { at, maxBytes } = this.#options;
    try {
      const state = await readState(folder);
      if (state === null) {
        lock.giveBack();
        return null;
      }
      if (state.unsettled.length === 0 && state.dropped.every((count) => count === 0)) {
        removeFolder(folder, lock);
        return null;
      }
      const header = state.header ?? makeHeader({ reporter_id: folder.slice(this.#folder.length + 1) });
      return new Spool({ folder, lock, header, at, state, maxBytes });
    } catch (error) {
      lock.giveBack(); // It cannot be read or written now: retry later, or leave it to another process.
      throw error;
    }
  }
}

/** The folder of a reporter's server, or `null` where it has none. */
export function findHome(
  { spoolDir, spoolMaxBytes }: Pick<ReporterOptions, 'spoolDir' | 'spoolMaxBytes'>,
  url: string,
  now: () => number,
): SpoolHome | null {
  const root = spoolDir ?? defaultRoot(process.env);
  const address = normalizeAddress(url);
  if (root === false || root === null || address === null) return null;
  const at = () => new Date(now()).toISOString();
  return new SpoolHome({ root, address, at, maxBytes: spoolMaxBytes ?? defaultBound(process.env) });
}

export const byAge = (one: Spool, other: Spool): number => (one.header.at < other.header.at ? -1 : 1);

function makeHeader(known: Partial<Header> & Pick<Header, 'reporter_id'>): Header {
  const start = { next_event: 0, next_batch: 0, settled: 0, dropped: [0, 0] } as const;
  return { version: spoolVersion, run_id: '', url: '', at: '', ...start, ...known };
}

function partition(names: readonly string[]): [halfMade: string[], whole: string[]] {
  const isHalfMade = (name: string) => name.startsWith('.new-');
  return [names.filter(isHalfMade), names.filter((name) => !isHalfMade(name))];
}

/** From the first lines alone: a folder that a later version wrote is not even locked. [R21] */
function isOfLaterVersion(folder: string): boolean {
  return segmentIndexes(folder).some((index) => {
    let isLater = false;
    eachLine(firstBytes(segmentPath(folder, index)), (text) => {
      const record = parse(text);
      isLater = record?.kind === 'H' && record.header.version > spoolVersion;
      return false;
    });
    return isLater;
  });
}

function firstBytes(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    const content = Buffer.alloc(4_096);
    return content.subarray(0, readSync(file, content));
  } finally {
    closeSync(file);
  }
}

function removeQuietly(folder: string, lock: FolderLock): void {
  try {
    removeFolder(folder, lock);
  } catch {
    // Best effort; adoption removes the empty folder later.
  }
}

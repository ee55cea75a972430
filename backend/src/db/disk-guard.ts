import { statfs } from 'node:fs/promises';
import { sql } from 'drizzle-orm';
import { NoRoom } from '../errors.ts';
import { startPeriodic } from '../periodic.ts';
import type { Db } from './db.ts';
import { isDiskFull } from './transient.ts';

export interface DiskGuard {
  /** Why nothing more is stored now; null while there is room. */
  readonly problem: string | null;
  /** Throws `NoRoom` while there is no room. */
  check(): void;
  /** Looks again at once; what failed for want of room is a reason to. */
  look(): Promise<void>;
  /** Looks again unless that was a moment ago. Before each transaction: what waits may be more than the reserve. */
  lookIfDue(): Promise<void>;
  /** Notes an error of the database; returns the refusal if it means a full disk. */
  refusalOf(error: unknown): NoRoom | undefined;
  stop(): Promise<void>;
}

interface Options {
  /** Watched where the embedded database or the checkpoints lie. */
  readonly folder: string;
  readonly reserveBytes: number;
  /** Tries to store something; a database on another machine says only so that it has room again. */
  readonly probe: () => Promise<void>;
  readonly isEmbedded: boolean;
  readonly log: { error(about: object, message: string): void; info(message: string): void };
  readonly everyMs?: number;
}

const everyMs = 2_000;
const momentMs = 100;

/**
 * Watches free disk space. Refuses reports and uploads while a reserve remains, because PostgreSQL does not survive a
 * full disk, and the embedded one then hangs until it is killed. [B5] [security H2]
 */
export function watchDisk({ folder, reserveBytes, probe, isEmbedded, log, ...options }: Options): DiskGuard {
  let low: string | null = null;
  let refused: string | null = null;
  const problemOf = () => low ?? refused;

  let lookedAt = Number.NEGATIVE_INFINITY;

  async function look(): Promise<void> {
    lookedAt = performance.now();
    const before = problemOf();
    // Above the reserve by an eighth before reports are taken again, so that the state does not flicker.
    const wanted = low === null ? reserveBytes : reserveBytes * 1.125;
    const free = isEmbedded ? await freeBytes(folder) : Number.POSITIVE_INFINITY;
    const isLow = free < wanted;
    low = isLow
      ? `the disk of ${folder} has ${mib(free)} MiB free, and ${mib(reserveBytes)} are kept in reserve`
      : null;
    if (refused !== null && low === null) {
      await probe().then(
        () => {
          refused = null;
        },
        () => {}, // Still full; the next look tries again.
      );
    }
    const after = problemOf();
    if (before === null && after !== null)
      log.error({ reason: after }, 'the disk is full: reports and uploads are refused');
    if (before !== null && after === null) log.info('the disk has room again: reports and uploads are taken');
  }

  const stop = startPeriodic(look, { firstMs: 1, everyMs: options.everyMs ?? everyMs }, (error) =>
    log.error({ err: error }, 'the room on the disk could not be read'),
  );
  const refusal = () =>
    new NoRoom(`nothing can be stored: ${problemOf()}. Free some room; nothing that was acknowledged is lost`);
  return {
    get problem() {
      return problemOf();
    },
    check() {
      if (problemOf() !== null) throw refusal();
    },
    look,
    async lookIfDue() {
      if (performance.now() - lookedAt > momentMs) await look();
    },
    refusalOf(error) {
      if (!isDiskFull(error)) return undefined;
      if (refused === null && low === null)
        log.error({ err: error }, 'the disk is full: reports and uploads are refused');
      refused ??= "the database's disk is full";
      return refusal();
    },
    stop,
  };
}

const mib = (bytes: number): number => Math.round(bytes / 1_048_576);

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Stores a megabyte and takes it back: fails while the database's disk is full. */
export async function probeRoom(db: Db): Promise<void> {
  const undone = new Error('undone');
  await db
    .transaction(async (tx) => {
      await tx.execute(
        sql`create table room_probe as select n, repeat('x', 1000) as filler from generate_series(1, 1000) as n`,
      );
      throw undone;
    })
    .catch((error: unknown) => {
      if (error !== undone) throw error;
    });
}

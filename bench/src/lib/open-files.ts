import { readdirSync, readlinkSync } from 'node:fs';

/** What a process has open, by kind. */
export interface OpenFiles {
  /** Of the embedded database: its tables and indexes, each with the maps that belong to it. */
  readonly database: number;
  /** Of these, how many are open more than once. Each is open once, so their number has a bound: the files on disk. */
  readonly databaseTwice: number;
  readonly sockets: number;
  readonly others: number;
}

/** Null where there is no /proc. */
export function openFilesOf(pid: number | 'self'): OpenFiles | null {
  try {
    return kindsOf(readdirSync(`/proc/${pid}/fd`).map((fd) => targetOf(`/proc/${pid}/fd/${fd}`)));
  } catch {
    return null;
  }
}

function kindsOf(targets: readonly string[]): OpenFiles {
  const database = targets.filter((target) => target.includes('/postgres/'));
  const sockets = targets.filter((target) => target.startsWith('socket:')).length;
  return {
    database: database.length,
    databaseTwice: database.length - new Set(database).size,
    sockets,
    others: targets.length - database.length - sockets,
  };
}

/** A descriptor may be closed while the list is read, as the list itself is. */
function targetOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

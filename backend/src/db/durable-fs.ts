import { closeSync, fdatasyncSync, fsyncSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { NodeFS } from '@electric-sql/pglite/nodefs';

/** The part of Emscripten's file system over Node.js that this module uses. */
export interface NodeFilesystem {
  readonly stream_ops: Record<string, (...args: never[]) => unknown> & { fsync?: (stream: OpenFile) => number };
  readonly node_ops: Record<string, (...args: never[]) => unknown>;
  realPath(node: unknown): string;
  convertNodeCode(error: unknown): number | undefined;
}

export interface OpenFile {
  readonly nfd?: number;
  readonly node: unknown;
}

interface Runtime {
  readonly FS: {
    readonly filesystems: { readonly NODEFS: NodeFilesystem };
    readonly ErrnoError: new (errno: number) => Error;
  };
}

type Init = NodeFS['init'];
/** The error that PostgreSQL receives when the disk fails without an errno of its own: EIO. */
const ioError = 29;

/**
 * PGlite's folder on disk, with `fsync`. PGlite's own layer has none, so PostgreSQL believes that it forced its log to
 * the disk when nothing was forced. It must be there before PGlite starts: the first write of `pg_control` needs it. [B1]
 */
export class DurableFs extends NodeFS {
  override async init(...[pg, options]: Parameters<Init>): ReturnType<Init> {
    const { emscriptenOpts } = await super.init(pg, options);
    const addFsync = (runtime: unknown) => this.extend((runtime as Runtime).FS.filesystems.NODEFS, runtime as Runtime);
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [addFsync as never, ...(emscriptenOpts.preRun ?? [])] } };
  }

  protected extend(filesystem: NodeFilesystem, { FS }: Pick<Runtime, 'FS'>): void {
    filesystem.stream_ops.fsync = ({ nfd, node }) => {
      try {
        if (nfd === undefined) forcePath(filesystem.realPath(node));
        else if (isLogSegment(filesystem.realPath(node))) fdatasyncSync(nfd);
        else fsyncSync(nfd);
        return 0;
      } catch (error) {
        // Emscripten ends the whole program at any other error.
        throw new FS.ErrnoError(filesystem.convertNodeCode(error) ?? ioError);
      }
    };
  }
}

/**
 * Segments of the log have their size and their name on the disk before a commit writes to them, so that its bytes suffice.
 * Linux then writes no journal: PostgreSQL's own default there, at half of the time.
 */
const isLogSegment = (path: string): boolean => /\/pg_wal\/[0-9A-F]{24}$/.test(path);

/**
 * PGlite's start parameters without `-F`, which disables fsync. Its fdatasync does nothing, so fsync is set. An ANALYZE reads
 * 300 rows for each point of its target, and reports wait for it: 100 took ten times as long.
 */
export const durableStartParams: readonly string[] = [
  ...PGlite.defaultStartParams.filter((parameter) => parameter !== '-F'),
  '-c',
  'wal_sync_method=fsync',
  '-c',
  'default_statistics_target=10',
];

/** Forces everything under the folder to the disk, and the folder itself last. */
export function forceFolder(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) forceFolder(path);
    else if (entry.isFile()) forcePath(path);
  }
  forcePath(folder);
}

export function forcePath(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

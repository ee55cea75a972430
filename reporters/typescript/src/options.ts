import { randomBytes } from 'node:crypto';
import type { CommandName } from '@rondo/protocol';
import type { Clock } from './clock.ts';
import type { CommandHandler } from './commands.ts';
import type { Post } from './http.ts';
import type { Problem } from './problems.ts';

export interface ReporterOptions {
  /** Where the dashboard is. Default: `RONDO_URL`, else `http://127.0.0.1:8000`. */
  readonly url?: string;
  /** Default: `RONDO_API_KEY`. */
  readonly apiKey?: string;
  /** The permanent id; reporting under it continues the run. Default: the name, the time and random digits. */
  readonly run_id?: string;
  readonly name: string;
  /** The FL framework, such as `flower`. Default: `custom`. */
  readonly framework?: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly num_rounds?: number;
  readonly tags?: readonly string[];
  /** The commands that this run accepts. Default: none. */
  readonly commands_supported?: readonly CommandName[];
  readonly onCommand?: CommandHandler;
  /** Called once for each distinct problem. Default: a line on stderr. */
  readonly onProblem?: (problem: Problem) => void;
  /** Longest wait of an event for its batch while the link is free. Default: 50. */
  readonly flushIntervalMs?: number;
  /** Default: 10,000. */
  readonly requestTimeoutMs?: number;
  /** Default: 100,000. */
  readonly maxQueuedEvents?: number;
  /** Estimated memory of the queue. Default: 64 MiB. */
  readonly maxQueuedBytes?: number;
  /**
   * Where events are kept until the server has them; `false`: in memory alone. Default: `RONDO_SPOOL_DIR` (`off`: none), else
   * `~/.local/state/rondo/spool`.
   */
  readonly spoolDir?: string | false;
  /** Default: `RONDO_SPOOL_MAX_BYTES`, else 256 MiB. */
  readonly spoolMaxBytes?: number;
  /** Replace secrets in `config` and in URLs by `***` before anything is written or sent. Default: unless `RONDO_MASK=off`. [R32] */
  readonly mask?: boolean;
  /** More keys that hold secrets. `RONDO_MASK_KEYS` adds others, separated by commas. */
  readonly maskKeys?: readonly string[];
  /** For tests: time, chance and the network. */
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly post?: Post;
}

export const defaultUrl = 'http://127.0.0.1:8000';

// A tenth of a second from call to pixel leaves half of it for waiting; 20 requests a second at most.
export const defaultFlushIntervalMs = 50;

/** Readable, sortable by time, and unique among runs of one name. */
export function createRunId(name: string, nowMs: number): string {
  const slug = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 64);
  const time = new Date(nowMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  return [slug || 'run', time, randomBytes(2).toString('hex')].join('-');
}

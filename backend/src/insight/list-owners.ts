import type { RunId } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { claimList, releaseLists } from '../db/queries/attention-owners.ts';
import { isDiskFull } from '../db/transient.ts';

/** For so long a server owns a list without saying so again: the longest that a list waits after a server has died. */
const leaseMs = 10_000;
/** One that owns it says so again when less is left. */
const renewMs = 5_000;
const maxKnown = 10_000;

interface Known {
  readonly isOwn: boolean;
  /** On this process's clock. */
  readonly untilMs: number;
}

/** Which lists this server keeps, of those of all servers on one database. One server alone owns all. [G20] */
export class ListOwners {
  readonly #db: Db;
  readonly #server: string | undefined;
  readonly #known = new Map<RunId, Known>();

  constructor(db: Db, server: string | undefined) {
    this.#db = db;
    this.#server = server;
  }

  /** Zero if this server owns the list now; else in how many milliseconds to ask again. */
  async claim(runId: RunId): Promise<number> {
    if (this.#server === undefined) return 0;
    const now = performance.now();
    const known = this.#known.get(runId);
    if (known && known.untilMs - now > (known.isOwn ? renewMs : 0)) return known.isOwn ? 0 : known.untilMs - now;
    const { isOwn, leftMs } = await claimList(this.#db, runId, this.#server, leaseMs).catch((error: unknown) => {
      // A full disk takes no claim of any server: until there is room, each shows the list that it computes. [B5]
      if (isDiskFull(error)) return { isOwn: true, leftMs: renewMs };
      throw error;
    });
    // Counted from before the question: the database never thinks that it ended earlier.
    const untilMs = now + leftMs;
    this.#known.delete(runId);
    this.#known.set(runId, { isOwn, untilMs });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= maxKnown) break;
      this.#known.delete(oldest);
    }
    return isOwn ? 0 : Math.max(1, leftMs);
  }

  forget(runId: RunId): void {
    this.#known.delete(runId);
  }

  /** Lets other servers take over at once. */
  async release(): Promise<void> {
    this.#known.clear();
    if (this.#server !== undefined) await releaseLists(this.#db, this.#server);
  }
}

import type { Db } from '../db/db.ts';
import { addCosts, type Costs, readCosts } from '../db/queries/key-usage.ts';
import { TooLarge, TooMany } from '../errors.ts';

/** What one API key may cost. Each bound is a setting, which the refusal names. [B8] */
export interface KeyLimits {
  readonly runsPerBatch: number;
  readonly bytesPerBatch: number;
  readonly runsPerDay: number;
  readonly bytesPerDay: number;
  readonly uploadBytesPerDay: number;
}

export const noKeyLimits: KeyLimits = {
  runsPerBatch: Number.POSITIVE_INFINITY,
  bytesPerBatch: Number.POSITIVE_INFINITY,
  runsPerDay: Number.POSITIVE_INFINITY,
  bytesPerDay: Number.POSITIVE_INFINITY,
  uploadBytesPerDay: Number.POSITIVE_INFINITY,
};

interface Known {
  readonly day: string;
  readonly costs: Costs;
}

// About 100 bytes each.
const maxKnown = 10_000;
const dayMs = 86_400_000;
const kinds = {
  runs: {
    limit: 'runsPerDay',
    setting: 'KEY_RUNS_PER_DAY',
    done: 'created',
    what: 'runs',
    rest: 'Report to runs that exist',
  },
  bytes: {
    limit: 'bytesPerDay',
    setting: 'KEY_BYTES_PER_DAY',
    done: 'sent',
    what: 'bytes of batches',
    rest: 'Report less often',
  },
  upload_bytes: {
    limit: 'uploadBytesPerDay',
    setting: 'KEY_UPLOAD_BYTES_PER_DAY',
    done: 'stored',
    what: 'bytes of checkpoints',
    rest: 'Store fewer of them',
  },
} as const;

/**
 * What each API key has cost today. The database has the counts, which change with what they count in one transaction;
 * here is what this server saw last. With several servers a key may exceed a bound by what the others are storing. [B8]
 */
export class KeyUsage {
  readonly limits: KeyLimits;
  readonly #db: Db;
  readonly #now: () => Date;
  readonly #known = new Map<string, Known>();
  /** What was admitted and is not counted yet. */
  readonly #underWay = new Map<string, Costs>();

  constructor(db: Db, limits: KeyLimits = noKeyLimits, now: () => Date = () => new Date()) {
    this.#db = db;
    this.limits = limits;
    this.#now = now;
  }

  get day(): string {
    return this.#now().toISOString().slice(0, 10);
  }

  checkBatch(found: { readonly bytes: number } | { readonly runs: number }): void {
    const { runsPerBatch, bytesPerBatch } = this.limits;
    if ('bytes' in found && found.bytes > bytesPerBatch)
      throw new TooLarge(
        `the batch has ${found.bytes} bytes, and an API key sends at most ${bytesPerBatch} in one (KEY_BYTES_PER_BATCH); send smaller batches`,
      );
    if ('runs' in found && found.runs > runsPerBatch)
      throw new TooLarge(
        `the batch is about ${found.runs} runs, and an API key reports on at most ${runsPerBatch} in one (KEY_RUNS_PER_BATCH); send smaller batches`,
      );
  }

  /** Throws `TooMany` if the day has no room for these. The caller ends what it was given once they are stored or refused. */
  async admit(key_id: string, costs: Partial<Costs>): Promise<() => void> {
    const wanted = { ...nothing, ...costs };
    if (this.#isUnbounded(wanted)) return () => {};
    if (this.#known.get(key_id)?.day !== this.day) {
      const { day } = this;
      const read = await readCosts(this.#db, key_id, day);
      // A commit meanwhile knows more.
      if (this.#known.get(key_id)?.day !== day) this.#note(key_id, { day, costs: read });
    }
    const waiting = this.#underWay.get(key_id) ?? nothing;
    for (const kind of ['bytes', 'upload_bytes'] as const) this.#check(key_id, kind, waiting[kind], wanted[kind]);
    this.#underWay.set(key_id, sum(waiting, wanted));
    return () => {
      const left = sum(this.#underWay.get(key_id) ?? nothing, wanted, -1);
      if (left.bytes + left.upload_bytes === 0) this.#underWay.delete(key_id);
      else this.#underWay.set(key_id, left);
    };
  }

  /** Throws `TooMany` if the key may not create so many more runs today; for the transaction that creates them. */
  async checkRuns(tx: Db, created: ReadonlyMap<string, number>): Promise<void> {
    if (this.limits.runsPerDay === Number.POSITIVE_INFINITY) return;
    for (const [key_id, runs] of created) {
      const { day } = this;
      if (this.#known.get(key_id)?.day !== day) this.#note(key_id, { day, costs: await readCosts(tx, key_id, day) });
      this.#check(key_id, 'runs', 0, runs);
    }
  }

  /** Counts in the transaction that stores. The function that it returns is for after the commit. */
  async add(tx: Db, added: ReadonlyMap<string, Costs>): Promise<() => void> {
    const { day } = this;
    const after = await addCosts(tx, day, added);
    return () => {
      for (const [key_id, costs] of after) this.#note(key_id, { day, costs });
    };
  }

  #isUnbounded({ bytes, upload_bytes }: Costs): boolean {
    const { bytesPerDay, uploadBytesPerDay } = this.limits;
    const isFree = (wanted: number, limit: number) => wanted === 0 || limit === Number.POSITIVE_INFINITY;
    return isFree(bytes, bytesPerDay) && isFree(upload_bytes, uploadBytesPerDay);
  }

  #check(key_id: string, kind: keyof Costs, waiting: number, wanted: number): void {
    const { limit, setting, done, what, rest } = kinds[kind];
    const bound = this.limits[limit];
    const known = this.#known.get(key_id)?.costs[kind] ?? 0;
    if (wanted === 0 || known + waiting + wanted <= bound) return;
    const nowMs = this.#now().getTime();
    const leftS = Math.ceil((dayMs - (nowMs % dayMs)) / 1_000);
    throw new TooMany(
      `this API key has ${done} ${known + waiting} ${what} today, and ${wanted} more are over the ${bound} of a day (${setting}). ` +
        `${rest}, wait for the next day in UTC, or raise the setting`,
      // What is under way may be refused for another reason, and leaves its room then.
      known + wanted <= bound ? 1 : leftS,
    );
  }

  #note(key_id: string, known: Known): void {
    const before = this.#known.get(key_id);
    this.#known.delete(key_id);
    this.#known.set(key_id, before && before.day > known.day ? before : known);
    if (this.#known.size > maxKnown) this.#known.delete(this.#known.keys().next().value as string);
  }
}

const nothing: Costs = { runs: 0, bytes: 0, upload_bytes: 0 };

const sum = (one: Costs, other: Costs, sign: 1 | -1 = 1): Costs => ({
  runs: one.runs + sign * other.runs,
  bytes: one.bytes + sign * other.bytes,
  upload_bytes: one.upload_bytes + sign * other.upload_bytes,
});

/** Adds to what a transaction counts of a key. */
export function addCost(into: Map<string, Costs>, key_id: string, costs: Partial<Costs>): void {
  into.set(key_id, sum(into.get(key_id) ?? nothing, { ...nothing, ...costs }));
}

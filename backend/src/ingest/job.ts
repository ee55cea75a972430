import type { Command } from '@rondo/protocol';
import type { BatchId } from '../db/queries/reporters.ts';
import { maxRuns, maxWeight, type Part, partsOf, weightOf } from './parts.ts';
import type { Input } from './state.ts';

export interface Refusal {
  readonly index: number;
  readonly detail: string;
}

export interface SubmitResult {
  readonly accepted: number;
  readonly duplicates: number;
  /** Positions of the inputs about runs that belong to another project; nothing of these is stored. [O2] */
  readonly foreign: readonly number[];
  /** The inputs that are over a bound of their run. [B4] */
  readonly refused: readonly Refusal[];
  /** Its batch number was taken. */
  readonly isRepeated: boolean;
  readonly commands: Command[];
}

/** The part of a job that one transaction stores. */
export interface Piece {
  readonly job: Job;
  readonly parts: readonly Part[];
  /** The last piece takes the batch number: until then a job that breaks off may be sent again. */
  readonly isLast: boolean;
}

/** One caller's inputs, and their results so far. */
export class Job {
  readonly takenAt = performance.now();
  /** One for all of its pieces, so that all of them judge its moments alike. */
  readonly receivedAt: string;
  readonly origin: unknown;
  /** Absent for the server's own notices. */
  readonly batch: BatchId | undefined;
  readonly inputs: readonly Input[];
  readonly settled = Promise.withResolvers<SubmitResult>();
  readonly parts: readonly Part[];
  #isSmall: boolean | undefined;
  #next = 0;
  /** Positions of the inputs of which some part was news, or none. */
  readonly #stored = new Set<number>();
  readonly #repeated = new Set<number>();
  readonly #foreign = new Set<number>();
  readonly #refused = new Map<number, string>();

  constructor(inputs: readonly Input[], batch: BatchId | undefined, origin: unknown, receivedAt: string) {
    this.inputs = inputs;
    this.batch = batch;
    this.origin = origin;
    this.receivedAt = receivedAt;
    this.parts = partsOf(inputs);
  }

  get isDone(): boolean {
    return this.#next >= this.parts.length;
  }

  /** One transaction may hold all of it, among others. */
  get isSmall(): boolean {
    this.#isSmall ??= new Room().takesAll(this.parts);
    return this.#isSmall;
  }

  /** The next piece that fits into what the transaction has room for; undefined if nothing does. */
  take(room: Room): Piece | undefined {
    const from = this.#next;
    let part = this.parts[this.#next];
    while (part && room.take(part)) part = this.parts[++this.#next];
    if (this.#next === from && this.parts.length > 0) return undefined;
    return { job: this, parts: this.parts.slice(from, this.#next), isLast: this.isDone };
  }

  takeAll(): Piece {
    this.#next = this.parts.length;
    return { job: this, parts: this.parts, isLast: true };
  }

  note(
    { parts }: Piece,
    duplicates: ReadonlySet<number>,
    foreign: ReadonlySet<number>,
    refused: ReadonlyMap<number, string>,
  ) {
    for (const [at, { index }] of parts.entries()) {
      const why = refused.get(at);
      if (foreign.has(at)) this.#foreign.add(index);
      else if (why !== undefined) this.#refused.set(index, why);
      else if (duplicates.has(at)) this.#repeated.add(index);
      else this.#stored.add(index);
    }
  }

  /** The result of the whole job. */
  result(isRepeated: boolean, commands: Command[]): SubmitResult {
    const refused = [...this.#refused].map(([index, detail]) => ({ index, detail }));
    const rest = (index: number) => !this.#stored.has(index) && !this.#refused.has(index);
    const duplicates = isRepeated ? this.inputs.length : [...this.#repeated].filter(rest).length;
    const foreign = isRepeated ? [] : [...this.#foreign];
    const accepted = isRepeated ? 0 : this.inputs.length - duplicates - foreign.length - refused.length;
    return { accepted, duplicates, foreign, refused: isRepeated ? [] : refused, isRepeated, commands };
  }
}

// The points of each run are stored by statements of their own.
const weightOfSeries = 200;
const hasPoint = ({ input }: Part): boolean => input.type === 'metric' || input.type === 'privacy_spent';

/** How much more a transaction may hold: all of it for jobs that fit whole, a share for a piece of a large one. */
export class Room {
  readonly #maxWeight: number;
  readonly #maxRuns: number;
  readonly #runs = new Set<string>();
  readonly #withPoints = new Set<string>();
  #weight = 0;

  constructor({ share = 1 } = {}) {
    this.#maxWeight = maxWeight * share;
    this.#maxRuns = maxRuns * share;
  }

  takesAll(parts: readonly Part[]): boolean {
    return parts.every((part) => this.take(part));
  }

  take(part: Part): boolean {
    const { run_id } = part.input;
    const isFirst = this.#weight === 0;
    const isFirstPoint = hasPoint(part) && !this.#withPoints.has(run_id);
    const weight = weightOf(part) + (isFirstPoint ? weightOfSeries : 0);
    if (!isFirst && this.#weight + weight > this.#maxWeight) return false;
    if (!this.#runs.has(run_id) && this.#runs.size >= this.#maxRuns) return false;
    this.#weight += weight;
    this.#runs.add(run_id);
    if (isFirstPoint) this.#withPoints.add(run_id);
    return true;
  }
}

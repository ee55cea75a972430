import { type Job, type Piece, Room } from './job.ts';
import { PieceSize } from './piece-size.ts';

/** The jobs that no transaction has begun to store, or not all of. */
export class WaitingLine {
  #jobs: Job[] = [];
  #inputs = 0;
  #wasLarge = false;
  readonly #share: number;
  readonly #pieceSize = new PieceSize();

  /** `share` of what a transaction may hold is given to each. */
  constructor(share = 1) {
    this.#share = share;
  }

  get size(): number {
    return this.#jobs.length;
  }

  get inputs(): number {
    return this.#inputs;
  }

  get oldest(): Job | undefined {
    return this.#jobs[0];
  }

  add(job: Job): void {
    this.#jobs.push(job);
    this.#inputs += job.inputs.length;
  }

  /** The rest of the job is not stored. */
  remove(job: Job): void {
    const place = this.#jobs.indexOf(job);
    if (place < 0) return;
    this.#jobs.splice(place, 1);
    this.#inputs -= job.inputs.length;
  }

  /** How long the group took, from which the size of the next pieces follows. */
  noteTook([first]: readonly Piece[], ms: number): void {
    if (first && !first.job.isSmall) this.#pieceSize.note(ms);
  }

  /**
   * A group of jobs that fit whole; nothing that arrives later could join a full one. Undefined if there is none, or if a
   * large job may be next.
   */
  nextSmallGroup(isFull: boolean): Piece[] | undefined {
    if (this.#jobs.length === 0 || this.#jobs.some((job) => !job.isSmall)) return undefined;
    const room = new Room({ share: this.#share });
    if (isFull && this.#jobs.every((job) => room.takesAll(job.parts))) return undefined;
    return this.nextGroup();
  }

  /**
   * As much as one transaction holds: jobs that fit whole, or one piece of a large job, in turn. So a small job waits for
   * one such piece at most, and a large one still moves on. [B3]
   */
  nextGroup(): Piece[] {
    const large = this.#jobs.findIndex((job) => !job.isSmall);
    const hasSmall = this.#jobs.some((job) => job.isSmall);
    const isTurnOfLarge = large >= 0 && (!hasSmall || !this.#wasLarge);
    this.#wasLarge = isTurnOfLarge;
    return isTurnOfLarge ? this.#nextPiece(large) : this.#nextWhole();
  }

  #nextWhole(): Piece[] {
    const room = new Room({ share: this.#share });
    const group: Piece[] = [];
    for (const job of this.#jobs.filter((job) => job.isSmall)) {
      if (!room.takesAll(job.parts) && group.length > 0) break;
      group.push(job.takeAll());
    }
    const taken = new Set(group.map(({ job }) => job));
    this.#jobs = this.#jobs.filter((job) => !taken.has(job));
    this.#inputs -= group.reduce((sum, { job }) => sum + job.inputs.length, 0);
    return group;
  }

  /** What remains of the job waits after the other large ones. */
  #nextPiece(index: number): Piece[] {
    const [job] = this.#jobs.splice(index, 1);
    const piece = job?.take(new Room({ share: this.#pieceSize.share }));
    if (!job || !piece) return [];
    if (piece.isLast) this.#inputs -= job.inputs.length;
    else this.#jobs.push(job);
    return [piece];
  }
}

// Others wait for about this long; a commit that is forced to the disk takes a few milliseconds of it.
const targetMs = 50;
const largest = 1 / 4;
// Smaller ones cost the batch more than they spare the others.
const smallest = 1 / 16;

/**
 * Which share of a transaction a piece of a large job may fill: the work is the same everywhere, but the time that others
 * wait for it is not, so it follows from how long the last pieces took. [B3]
 */
export class PieceSize {
  share = largest;

  /** Half of the share at most at a time, because a pause of the machine says little. */
  note(tookMs: number): void {
    const wanted = (this.share * targetMs) / Math.max(1, tookMs);
    const near = Math.min(this.share * 2, Math.max(this.share / 2, wanted));
    this.share = Math.min(largest, Math.max(smallest, near));
  }
}

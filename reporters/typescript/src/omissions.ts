/** Values of one name that were left out of the report. */
export interface Omission {
  readonly count: number;
  /** Why the first of them was left out. */
  readonly reason: string;
}

/** Names after this many are counted together. */
const maxNames = 256;
const others = '(others)';
const maxShown = 20;

/** Counts what was left out, by name, and keeps the first reason of each. [R30] */
export class Omissions {
  readonly #of = new Map<string, Omission>();

  /** Counts an omission; returns whether its name is new. */
  add(name: string, reason: string): boolean {
    const known = this.#of.has(name) || this.#of.size < maxNames ? name : others;
    const before = this.#of.get(known);
    this.#of.set(known, { count: (before?.count ?? 0) + 1, reason: before?.reason ?? reason });
    return before === undefined;
  }

  /** A copy: what was left out so far, by name. */
  counts(): Readonly<Record<string, Omission>> {
    return Object.fromEntries(this.#of);
  }

  /** One line for the end of the run, or `null` if nothing was left out. */
  summary(): string | null {
    if (this.#of.size === 0) return null;
    const shown = [...this.#of]
      .slice(0, maxShown)
      .map(([name, { count, reason }]) => `${name} (${count} times: ${reason})`);
    const rest = this.#of.size > maxShown ? `, and ${this.#of.size - maxShown} more` : '';
    return `Left out of the report: ${shown.join(', ')}${rest}`;
  }
}

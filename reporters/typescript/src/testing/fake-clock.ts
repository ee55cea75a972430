import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../clock.ts';

/** A clock that moves only when the test advances it. */
export class FakeClock implements Clock {
  #nowMs = Date.UTC(2026, 0, 31, 12);
  #timers: { dueMs: number; run: () => void; hold: boolean }[] = [];

  now = (): number => this.#nowMs;

  schedule = (run: () => void, ms: number, hold = false): (() => void) => {
    const timer = { dueMs: this.#nowMs + ms, run, hold };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  };

  /** True if a planned timer would keep a process alive. */
  get isHolding(): boolean {
    return this.#timers.some((timer) => timer.hold);
  }

  /** Moves time on, running what falls due in its order, and lets promises settle after each. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settle();
    for (;;) {
      const [next] = this.#timers.filter(({ dueMs }) => dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs);
      if (!next) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.run();
      await settle();
    }
    this.#nowMs = endMs;
  }

  /** A wall clock can also be set back. */
  setBack(ms: number): void {
    this.#nowMs -= ms;
  }
}

/** Lets everything that is ready run, compression in zlib's thread not included. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await setImmediate();
}

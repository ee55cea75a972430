import { setImmediate, setTimeout } from 'node:timers/promises';

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after `ms`, or as soon as `signal` is aborted; always lets other work run first. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: Date.now,
  async wait(ms, signal) {
    if (ms <= 0) await setImmediate();
    // Rejects only when it is cut short, and that is one of the two ways to end.
    else await setTimeout(ms, undefined, { signal }).catch(() => {});
  },
};

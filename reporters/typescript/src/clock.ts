/** Time as the reporter sees it; tests bring their own. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs `run` once after `ms` and returns how to cancel it. Only with `hold` does waiting keep the process alive. [R15] */
  schedule(run: () => void, ms: number, hold?: boolean): () => void;
}

export const systemClock: Clock = {
  now: Date.now,
  schedule(run, ms, hold = false) {
    const timer = setTimeout(run, ms);
    if (!hold) timer.unref();
    return () => clearTimeout(timer);
  },
};

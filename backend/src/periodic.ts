interface Schedule {
  /** Delay before the first run; `everyMs` by default. */
  readonly firstMs?: number;
  /** Pause between the end of one run and the start of the next. */
  readonly everyMs: number;
}

/** Runs a task periodically. The returned function stops it and resolves when a run under way has ended. */
export function startPeriodic(
  task: () => unknown,
  { everyMs, firstMs = everyMs }: Schedule,
  onError: (error: unknown) => void,
): () => Promise<void> {
  let isStopped = false;
  let running: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout;
  const schedule = (ms: number) => {
    timer = setTimeout(() => {
      running = run();
    }, ms).unref();
  };
  const run = async () => {
    try {
      await task();
    } catch (error) {
      onError(error);
    }
    if (!isStopped) schedule(everyMs);
  };
  schedule(firstMs);
  return async () => {
    isStopped = true;
    clearTimeout(timer);
    await running;
  };
}

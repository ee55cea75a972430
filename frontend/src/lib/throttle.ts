/** Runs `task` at once, then at most once in `intervalMs`, always ending with the latest call. */
export interface Throttled {
  (): void;
  cancel(): void;
}

export function throttle(task: () => void, intervalMs: number): Throttled {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isDue = false;
  const run = () => {
    isDue = false;
    timer = setTimeout(() => {
      timer = undefined;
      if (isDue) run();
    }, intervalMs);
    task();
  };
  const throttled = () => {
    isDue = true;
    if (timer === undefined) run();
  };
  return Object.assign(throttled, {
    cancel() {
      clearTimeout(timer);
      timer = undefined;
      isDue = false;
    },
  });
}

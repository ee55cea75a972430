/**
 * One animation frame for the whole app: first every store update, then every drawing.
 *
 *   update(fn) ─┐
 *               ├─▶ next frame: updates, then drawings; each function at most once
 *   draw(fn)  ──┘
 */
export interface FrameScheduler {
  update(task: () => void): void;
  draw(task: () => void): void;
  cancel(task: () => void): void;
}

export interface FrameClock {
  requestFrame(run: () => void): () => void;
}

export function createFrameScheduler(clock: FrameClock): FrameScheduler {
  const updates = new Set<() => void>();
  const drawings = new Set<() => void>();
  let cancelFrame: (() => void) | null = null;

  const run = (tasks: Set<() => void>) => {
    const due = [...tasks];
    tasks.clear();
    for (const task of due) task();
  };
  const request = () => {
    cancelFrame ??= clock.requestFrame(() => {
      cancelFrame = null;
      run(updates);
      run(drawings);
    });
  };

  return {
    update(task) {
      updates.add(task);
      request();
    },
    draw(task) {
      drawings.add(task);
      request();
    },
    cancel(task) {
      updates.delete(task);
      drawings.delete(task);
      if (updates.size + drawings.size > 0) return;
      cancelFrame?.();
      cancelFrame = null;
    },
  };
}

/** A hidden tab gets no frames; its timers still fire about once a second, or once a minute when throttled. */
const hiddenTabMs = 1_000;

const browserClock: FrameClock = {
  requestFrame(run) {
    const finish = () => {
      cancel();
      run();
    };
    const frame = requestAnimationFrame(finish);
    const timer = setTimeout(finish, hiddenTabMs);
    const cancel = () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
    return cancel;
  },
};

export const frame = createFrameScheduler(browserClock);

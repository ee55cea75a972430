import { isMainThread } from 'node:worker_threads';

/** What a reporter does when the process ends. */
interface Ending {
  /** Nothing is left to do, but things can still be waited for. */
  readonly onIdle: () => void;
  /** The last moment, in which nothing can be waited for. */
  readonly onExit: () => void;
  /** A SIGTERM that nothing else handles: the process ends as soon as this has settled. [R36] */
  readonly onTerminate: () => Promise<unknown>;
}

/** The longest that a SIGTERM waits for all reporters; a supervisor sends SIGKILL after ten seconds or more. */
const terminateMs = 2_500;

// One listener for all, or a program with eleven reporters would be warned of a leak.
const endings = new Set<Ending>();

const idle = () => {
  for (const ending of [...endings]) ending.onIdle();
};

const exit = () => {
  for (const ending of [...endings]) ending.onExit();
};

function terminate(signal: NodeJS.Signals): void {
  // Another handler decides what becomes of the process.
  if (process.listenerCount('SIGTERM') > 1) return;
  // A second signal ends the process at once.
  process.off('SIGTERM', terminate);
  const all = Promise.allSettled([...endings].map((ending) => ending.onTerminate()));
  const bound = new Promise((resolve) => setTimeout(resolve, terminateMs));
  void Promise.race([all, bound]).then(() => process.kill(process.pid, signal));
}

/** Returns how to take it back. */
export function atExit(ending: Ending): () => void {
  if (endings.size === 0) {
    process.on('beforeExit', idle);
    process.on('exit', exit);
    // First in line, so that it still sees handlers that are called once. Signals reach the main thread only.
    if (isMainThread) process.prependListener('SIGTERM', terminate);
  }
  endings.add(ending);
  return () => {
    endings.delete(ending);
    if (endings.size > 0) return;
    process.off('beforeExit', idle);
    process.off('exit', exit);
    process.off('SIGTERM', terminate);
  };
}

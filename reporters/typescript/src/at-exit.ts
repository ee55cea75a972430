/** Notified at the end of the process. */
interface Ending {
  /** Nothing is left to do, but things can still be waited for. */
  readonly onIdle: () => void;
  /** The last moment, in which nothing can be waited for. */
  readonly onExit: () => void;
}

// One listener for all, or a program with eleven reporters would be warned of a leak.
const endings = new Set<Ending>();

const idle = () => {
  for (const ending of [...endings]) ending.onIdle();
};

const exit = () => {
  for (const ending of [...endings]) ending.onExit();
};

/** Returns how to take it back. */
export function atExit(ending: Ending): () => void {
  if (endings.size === 0) {
    process.on('beforeExit', idle);
    process.on('exit', exit);
  }
  endings.add(ending);
  return () => {
    endings.delete(ending);
    if (endings.size > 0) return;
    process.off('beforeExit', idle);
    process.off('exit', exit);
  };
}

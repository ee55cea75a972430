import { type OpenFiles, openFilesOf } from './open-files.ts';

/**
 * Loaded into the measured server with `--import`. Collects garbage on request, so that the resident set is live
 * memory, says what the process holds, and ends with the benchmark that started it.
 */
export interface Settled {
  readonly type: 'settled';
}

/** What the process holds after its garbage was collected. */
export interface Held {
  readonly type: 'held';
  readonly heapBytes: number;
  readonly residentBytes: number;
  /** Timers, sockets, requests under way and whatever else keeps the process alive. */
  readonly handles: number;
  readonly files: OpenFiles | null;
}

process.on('message', (message: unknown) => {
  if (message !== 'settle' && message !== 'hold') return;
  for (let pass = 0; pass < (message === 'settle' ? 3 : 1); pass++) globalThis.gc?.();
  process.send?.(message === 'settle' ? ({ type: 'settled' } satisfies Settled) : held());
});
process.on('disconnect', () => process.exit());

function held(): Held {
  const { heapUsed, rss } = process.memoryUsage();
  const handles = process.getActiveResourcesInfo().length;
  return { type: 'held', heapBytes: heapUsed, residentBytes: rss, handles, files: openFilesOf('self') };
}

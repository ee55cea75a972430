/**
 * Loaded into the measured server with `--import`. Collects garbage on request, so that the resident set is live
 * memory, and ends with the benchmark that started it.
 */
export interface Settled {
  readonly type: 'settled';
}

process.on('message', (message: unknown) => {
  if (message !== 'settle') return;
  for (let pass = 0; pass < 3; pass++) globalThis.gc?.();
  process.send?.({ type: 'settled' } satisfies Settled);
});
process.on('disconnect', () => process.exit());

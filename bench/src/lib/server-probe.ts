/**
 * Loaded into the measured server with `--import`: collects garbage when asked, so that a resident set is what is held and
 * not what is left lying about, and ends with the benchmark that started it.
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

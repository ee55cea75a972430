import { openFaultyProxy } from './faulty-proxy.ts';

/** A line to `target` that breaks after every `everyBytes` sent up it, `times` times in all. */
export async function openCuttingProxy(target: string, { everyBytes, times }: { everyBytes: number; times: number }) {
  let sent = 0;
  let cuts = 0;
  const proxy = await openFaultyProxy(
    () => target,
    (way, bytes) => {
      if (way === 'up') sent += bytes;
      if (way === 'down' || cuts >= times || sent < everyBytes * (cuts + 1)) return { kind: 'pass' };
      cuts += 1;
      return { kind: 'cut' };
    },
  );
  return { ...proxy, cuts: () => cuts };
}

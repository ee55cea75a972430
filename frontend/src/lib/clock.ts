/** The Date header has whole seconds and the answer took time to come: less than this is no skew. */
const believableMs = 2_000;

let offsetMs = 0;

/** Learns how far the server's clock is from the browser's, from the Date header of an answer. */
export function observeServerDate(header: string | undefined, nowMs = Date.now()): void {
  const serverMs = header === undefined ? Number.NaN : Date.parse(header);
  if (Number.isNaN(serverMs)) return;
  const difference = serverMs + 500 - nowMs;
  offsetMs = Math.abs(difference) < believableMs ? 0 : difference;
}

/** Milliseconds since 1970 by the server's clock, as far as it is known. */
export const serverNow = (nowMs = Date.now()): number => nowMs + offsetMs;

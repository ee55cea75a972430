import type { QuietHours, Severity } from '@rondo/protocol';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Alerts of one cause come within seconds of each other, and belong into one message. */
export const groupWaitMs = 5_000;
/** How long a message is tried before it is given up. [E6] */
export const giveUpAfterMs = 24 * hourMs;
const firstRetryMs = 10_000;
/** A receiver that is back gets what waits within this time. */
const longestRetryMs = 15 * minuteMs;

const formats = new Map<string, Intl.DateTimeFormat>();

/** Minutes since midnight on the clock of this zone. */
function minuteOfDay(ms: number, timeZone: string): number {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  formats.set(timeZone, format);
  return parseTime(format.format(ms));
}

const parseTime = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));

export function isQuiet(ms: number, { from, to, time_zone }: QuietHours): boolean {
  const [begin, end, now] = [parseTime(from), parseTime(to), minuteOfDay(ms, time_zone)];
  return begin < end ? begin <= now && now < end : now >= begin || now < end;
}

/**
 * The first moment from `ms` on that is not quiet. Minute by minute, because clocks change at night: an hour that is
 * skipped or repeated needs no rule of its own.
 */
export function quietEnd(ms: number, hours: QuietHours): number {
  if (!isQuiet(ms, hours)) return ms;
  let at = ms - (ms % minuteMs);
  // A day, and the hour that may be repeated.
  for (let minutes = 0; minutes <= 25 * 60; minutes++) {
    at += minuteMs;
    if (!isQuiet(at, hours)) return at;
  }
  return at;
}

interface Due {
  readonly now: number;
  readonly severity: Severity;
  /** When the last message of this rule to this channel was due. */
  readonly lastDue: number | undefined;
  readonly throttleMs: number;
  readonly quietHours: readonly (QuietHours | null)[];
  readonly groupWaitMs?: number;
}

/** When a message may be sent: alerts until then join it. Nothing is dropped by throttling or by quiet hours. [E4] [E5] */
export function dueAt({
  now,
  severity,
  lastDue,
  throttleMs,
  quietHours,
  groupWaitMs: wait = groupWaitMs,
}: Due): number {
  const hours = quietHours.filter((each) => each !== null && !(severity === 'critical' && each.except_critical));
  let at = Math.max(now + wait, lastDue === undefined ? 0 : lastDue + throttleMs);
  // The end of one may be within the other.
  for (let turn = 0; turn < 4; turn++) {
    const later = hours.reduce((latest, each) => (each ? quietEnd(latest, each) : latest), at);
    if (later === at) return at;
    at = later;
  }
  return at;
}

/** Milliseconds until the next attempt: doubling, at most 15 minutes, spread by a quarter to both sides. [E6] */
export function retryDelay(attempts: number, random: number): number {
  const longest = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(30, Math.max(0, attempts - 1)));
  return Math.round(longest * (0.75 + random / 2));
}

/** When to try again; undefined: never. */
export function nextTry(
  tried: { readonly now: number; readonly firstTriedAt: number; readonly attempts: number; readonly random: number },
  failure: { readonly isFinal: boolean; readonly retryAfterMs?: number | undefined },
): number | undefined {
  if (failure.isFinal || tried.now - tried.firstTriedAt >= giveUpAfterMs) return undefined;
  // What the receiver asks for, within reason.
  const asked = Math.min(hourMs, failure.retryAfterMs ?? 0);
  return tried.now + Math.max(asked, retryDelay(tried.attempts, tried.random));
}

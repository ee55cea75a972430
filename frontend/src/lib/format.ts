import { formatDecimals, localizePoint, readLocale } from './locale.ts';
import { type TimeStyle, timeStyle } from './time-style.ts';

/** Shown where there is no value to show. */
export const noValue = '—';

/** A space that is narrow and does not break. */
const thin = '\u202f';

/** A number to about four significant digits; non-finite ones by name. */
export function formatNumber(value: number): string {
  const special = formatNonFinite(value);
  if (special) return special;
  // Rounded first, so that 0.0999999 is written like 0.1.
  const size = Math.abs(Number(value.toPrecision(4)));
  if (size !== 0 && (size < 0.001 || size >= 1e6)) return localizePoint(value.toExponential(2).replace('e+', 'e'));
  if (size >= 1000) return formatDecimals(value, 0);
  if (size >= 100) return formatDecimals(value, 1);
  if (size >= 10) return formatDecimals(value, 2);
  // A loss of 0.005814 is not one of 0.006. [B15]
  if (size !== 0 && size < 0.1) return formatDecimals(value, decimalsOf(value, 3 - Math.floor(Math.log10(size))));
  return formatDecimals(value, 3);
}

/** Without the zeros at the end, down to the three decimals that larger numbers have. */
function decimalsOf(value: number, most: number): number {
  let decimals = most;
  while (decimals > 3 && value.toFixed(decimals).endsWith('0')) decimals--;
  return decimals;
}

/** How many times another: three digits tell as much as any. */
export const formatFactor = (factor: number): string =>
  `${factor >= 100 ? formatNumber(Math.round(factor)) : localizePoint(String(Number(factor.toPrecision(3))))}${thin}×`;

/** A share of one as a percentage: 0.861 → 86.1 %. */
export function formatPercent(share: number, digits = 1): string {
  return formatNonFinite(share) ?? `${formatDecimals(share * 100, digits)}${thin}%`;
}

/** A number on an axis: as short as it can be without being another number. */
export function formatTick(value: number): string {
  const short = Number(value.toPrecision(4));
  const isExtreme = short !== 0 && (Math.abs(short) < 0.001 || Math.abs(short) >= 1e6);
  return localizePoint(isExtreme ? short.toExponential().replace('e+', 'e') : String(short));
}

export const formatPercentTick = (share: number): string =>
  `${formatTick(Number((share * 100).toPrecision(4)))}${thin}%`;

/** The difference of two shares in percentage points, without its sign. */
export const formatPoints = (difference: number): string =>
  formatNonFinite(difference) ?? formatDecimals(Math.abs(difference) * 100, 1);

function formatNonFinite(value: number): string | null {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Infinity) return '∞';
  if (value === -Infinity) return '−∞';
  return null;
}

export const formatCount = (count: number): string => formatDecimals(count, 0);

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** Bytes in powers of a thousand, as disks and networks are sold. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(byteUnits.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${formatDecimals(value, power === 0 || value >= 100 ? 0 : 1)}${thin}${byteUnits[power]}`;
}

/** A running clock: 0:38, 12:05, 1:02:09. */
export function formatClock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const tail = String(rest).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
}

/** A length of time: 420 ms, 8.2 s, 31 min, and in two units from two hours on: 5 h 50 min, 2 d 3 h. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(Math.max(0, ms))}${thin}ms`;
  if (ms < 10_000) return `${formatDecimals(ms / 1000, 1)}${thin}s`;
  if (ms < 120_000) return `${Math.round(ms / 1000)}${thin}s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)}${thin}min`;
  if (ms < 172_800_000) return inTwoUnits(Math.round(ms / 60_000), 60, 'h', 'min');
  return inTwoUnits(Math.round(ms / 3_600_000), 24, 'd', 'h');
}

function inTwoUnits(count: number, size: number, large: string, small: string): string {
  const rest = count % size;
  return `${formatCount(Math.floor(count / size))}${thin}${large}${rest === 0 ? '' : ` ${rest}${thin}${small}`}`;
}

/** The age of live data: tenths below ten seconds, as tenths are what "live" is about. */
export function formatAge(ms: number): string {
  const age = Math.max(0, ms);
  if (age < 10_000) return `${formatDecimals(age / 1000, 1)}${thin}s`;
  return formatDuration(age);
}

export const formatAgo = (ms: number): string => (ms < 1000 ? 'just now' : `${formatDuration(ms)} ago`);

interface MomentOptions {
  readonly style?: TimeStyle;
  readonly nowMs?: number;
}

/** A moment to the minute, as the reader chose: by the own clock, by UTC, or as its age. */
export function formatMoment(
  moment: string,
  { style = timeStyle.read(), nowMs = Date.now() }: MomentOptions = {},
): string {
  if (style === 'relative') return formatDistance(nowMs - Date.parse(moment));
  return formatDate(moment, style, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  });
}

/** The distance of a moment from now, in both directions: 5 min ago, in 3 d. */
function formatDistance(ageMs: number): string {
  return ageMs >= 0 ? formatAgo(ageMs) : `in ${formatDuration(-ageMs)}`;
}

function formatDate(moment: string, style: TimeStyle, parts: Intl.DateTimeFormatOptions): string {
  const date = new Date(moment);
  if (style !== 'utc') return date.toLocaleString(readLocale(), parts);
  return `${date.toLocaleString(readLocale(), { ...parts, timeZone: 'UTC' })} UTC`;
}

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`;

const countUnits = ['', 'k', 'M', 'B', 'T'] as const;

/** A large count in short: 7,850 → 7.9 k, 25,600,000 → 25.6 M. */
export function formatShortCount(count: number): string {
  const power = count < 1000 ? 0 : Math.min(countUnits.length - 1, Math.floor(Math.log10(count) / 3));
  const value = count / 1000 ** power;
  return power === 0 ? String(count) : `${formatDecimals(value, value >= 100 ? 0 : 1)}${thin}${countUnits[power]}`;
}

const toTheSecond = { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false } as const;

/** The time of day to the second. An age would say less here, so that "how long ago" is the reader's own time. */
export const formatTimeOfDay = (moment: string, style: TimeStyle = timeStyle.read()): string =>
  new Date(moment).toLocaleTimeString(readLocale(), { ...toTheSecond, ...(style === 'utc' && { timeZone: 'UTC' }) });

/** A whole moment to the second, for what is looked up afterwards: never as an age. */
export const formatMomentToSecond = (moment: string, style: TimeStyle = timeStyle.read()): string =>
  formatDate(moment, style, { year: 'numeric', month: 'short', day: 'numeric', ...toTheSecond });

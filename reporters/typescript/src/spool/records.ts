import { crc32 } from 'node:zlib';

/** `t` telemetry, `s` the start of the run, `f` any other fact. [R20] */
export type EventClass = 't' | 'f' | 's';

/** The state when a segment was begun. */
export interface Header {
  readonly version: number;
  readonly reporter_id: string;
  readonly run_id: string;
  readonly url: string;
  readonly at: string;
  readonly next_event: number;
  readonly next_batch: number;
  readonly settled: number;
  /** Dropped telemetry and facts that were not reported yet. */
  readonly dropped: readonly [number, number];
}

/** An event in a segment. */
export interface Stored {
  readonly n: number;
  readonly class: EventClass;
  readonly json: string;
  readonly bytes: number;
}

/** The lines of a segment. [R20] */
export type SpoolRecord =
  | { readonly kind: 'H'; readonly header: Header }
  | { readonly kind: 'E'; readonly event: Stored }
  | { readonly kind: 'B'; readonly batch: number; readonly from: number; readonly to: number }
  | { readonly kind: 'A'; readonly batch: number }
  | { readonly kind: 'S'; readonly n: number }
  | { readonly kind: 'D'; readonly telemetry: number; readonly facts: number };

export const spoolVersion = 1;

const space = 0x20;
const newline = 0x0a;

const checksum = (body: string | Buffer): string => crc32(body).toString(16).padStart(8, '0');

export const line = (body: string): string => `${checksum(body)} ${body}\n`;

export const eventLine = (n: number, eventClass: EventClass, json: string): string =>
  line(`E ${n} ${eventClass} ${json}`);

export const headerLine = (header: Header): string => line(`H ${JSON.stringify(header)}`);

/** Calls back with every line that has its newline, and where it began; ends early on `false`. Returns where it stopped. */
export function eachLine(content: Buffer, see: (text: Buffer, start: number) => boolean): number {
  let start = 0;
  for (let end = content.indexOf(newline); end !== -1; end = content.indexOf(newline, start)) {
    if (!see(content.subarray(start, end), start)) return start;
    start = end + 1;
  }
  return start;
}

/** Parses a line without its newline; returns `null` if it is damaged. [R21] */
export function parse(text: Buffer): SpoolRecord | null {
  const body = text.subarray(9);
  if (text[8] !== space || text.toString('latin1', 0, 8) !== checksum(body)) return null;
  const kindEnd = body.indexOf(space);
  if (kindEnd !== 1) return null;
  const kind = String.fromCharCode(body[0] ?? 0);
  if (kind === 'E') return parseEvent(body);
  if (kind === 'H') return parseHeader(body.toString('utf8', 2));
  return parseNumbers(kind, body.toString('latin1', 2));
}

function parseEvent(body: Buffer): SpoolRecord | null {
  const end = body.indexOf(space, 2);
  const n = body.toString('latin1', 2, Math.max(end, 2));
  const eventClass = String.fromCharCode(body[end + 1] ?? 0);
  if (end === -1 || body[end + 2] !== space || !/^\d+$/.test(n) || !isEventClass(eventClass)) return null;
  const json = body.toString('utf8', end + 3);
  return { kind: 'E', event: { n: Number(n), class: eventClass, json, bytes: body.length - end - 3 } };
}

const isEventClass = (text: string): text is EventClass => text === 't' || text === 'f' || text === 's';

function parseNumbers(kind: string, rest: string): SpoolRecord | null {
  if (!/^\d+( \d+)*$/.test(rest)) return null;
  const [first = 0, second = 0, third = 0, ...more] = rest.split(' ').map(Number);
  const count = rest.split(' ').length;
  if (more.length > 0) return null;
  if (kind === 'B' && count === 3) return { kind, batch: first, from: second, to: third };
  if (kind === 'A' && count === 1) return { kind, batch: first };
  if (kind === 'S' && count === 1) return { kind, n: first };
  if (kind === 'D' && count === 2) return { kind, telemetry: first, facts: second };
  return null;
}

function parseHeader(json: string): SpoolRecord | null {
  try {
    const { version, reporter_id, run_id, url, at, next_event, next_batch, settled, dropped } = JSON.parse(json);
    const [telemetry, facts] = dropped;
    const numbers = [version, next_event, next_batch, settled, telemetry, facts];
    const texts = [reporter_id, run_id, url, at];
    if (!numbers.every(Number.isSafeInteger) || !texts.every((text) => typeof text === 'string')) return null;
    return {
      kind: 'H',
      header: {
        version,
        reporter_id,
        run_id,
        url,
        at,
        next_event,
        next_batch,
        settled,
        dropped: [telemetry, facts],
      },
    };
  } catch {
    return null; // Not ours, or damaged in a way that its checksum does not show.
  }
}

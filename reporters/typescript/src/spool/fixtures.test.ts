import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FactType } from '@rondo/protocol';
import { describe, expect, it } from 'vitest';
import { folderOf, normalizeAddress } from '../address.ts';
import { classOf } from '../event.ts';
import { isBacklog } from '../sender.ts';
import { readFixture } from '../testing/fixtures.ts';
import { makeFolder } from '../testing/folders.ts';
import { isGone, take } from './lock.ts';
import { type EventClass, parse } from './records.ts';
import { Spool } from './spool.ts';
import { readState } from './state.ts';

type Files = Record<string, string[] | { base64: string }>;
interface ReadCase {
  name: string;
  files: Files;
  state: null | {
    next_event: number;
    next_batch: number;
    settled: number;
    open: null | { batch: number; from: number; to: number; events: number[] };
    unsettled: number[];
    dropped: [number, number];
    damaged: number;
  };
}
type Step =
  | { append: { class: EventClass; json: string }[] }
  | { batch: number }
  | { answered: 0 }
  | { halve: 0 }
  | { give_up: 0 };
const fixture = readFixture<{
  servers: { url: string; address: string; folder: string }[];
  classes: Record<FactType, EventClass>;
  reads: ReadCase[];
  writes: { name: string; segment_bytes: number; steps: Step[]; files: Record<string, unknown[]> }[];
  drops: {
    name: string;
    files: Files;
    max_bytes: number;
    after: Record<string, unknown[]>;
    dropped: [number, number];
  }[];
  unreadable: {
    name: string;
    events: number;
    damaged: number[];
    max_events: number;
    batches: number[][];
    dropped: [number, number];
    lines: string[];
  }[];
  backlog: { events: number; bytes_each: number; is_backlog: boolean }[];
  fits: { name: string; events: string[]; max_events: number; max_bytes: number; batches: number[] }[];
  locks: {
    place: string;
    processes: Record<string, string>;
    cases: { name: string; text: string; age_s: number; is_gone: boolean }[];
  };
}>('spool');

const at = '2026-01-31T12:00:00.000Z';

function folderWith(files: Files): string {
  const folder = join(makeFolder(), 'spool');
  mkdirSync(folder);
  for (const [name, content] of Object.entries(files)) {
    const raw = Array.isArray(content) ? content.join('\n') : Buffer.from(content.base64, 'base64');
    writeFileSync(join(folder, name), raw);
  }
  return folder;
}

async function openSpool(folder: string, options: { maxBytes?: number; segmentBytes?: number } = {}): Promise<Spool> {
  const lock = take(folder, 1);
  const state = await readState(folder);
  if (lock === null || state === null) throw new Error('it is not ours');
  const known = { reporter_id: 'rep-1', run_id: 'run-1', url: 'http://127.0.0.1:8000', at };
  const none = { version: 1, next_event: 0, next_batch: 0, settled: 0, dropped: [0, 0] as [number, number] };
  return new Spool({ folder, lock, state, header: state.header ?? { ...known, ...none }, at: () => at, ...options });
}

function takeStep(spool: Spool, step: Step): void {
  if ('append' in step) {
    spool.append(step.append.map((event) => ({ ...event, type: 'log', bytes: event.json.length })));
  } else if ('batch' in step) spool.nextBatch(step.batch, 4_000_000);
  else if ('answered' in step) spool.answered();
  else if ('halve' in step) spool.halve();
  else spool.giveUp();
}

/** Every line without its checksum, which has to be right; the first one as JSON. */
function linesIn(folder: string): Record<string, unknown[]> {
  const names = readdirSync(folder).filter((name) => name.endsWith('.log'));
  return Object.fromEntries(names.map((name) => [name, shown(readFileSync(join(folder, name)))]));
}

function shown(content: Buffer): unknown[] {
  const lines = content.toString().split('\n');
  expect(lines.pop()).toBe('');
  return lines.map((text) => {
    const record = parse(Buffer.from(text));
    expect(record, text).not.toBeNull();
    return record?.kind === 'H' ? ['H', JSON.parse(text.slice(11))] : text.slice(9);
  });
}

const eventOf = (json: string) => ({ type: 'log' as const, class: 'f' as const, json, bytes: Buffer.byteLength(json) });

/** Changes the checksum of these events, as a disk does that flips bits. */
function damage(folder: string, numbers: readonly number[]): void {
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.log'))) {
    const lines = readFileSync(join(folder, name), 'latin1').split('\n');
    const spoilt = lines.map((text) => {
      const [, kind, n] = text.split(' ');
      return kind === 'E' && numbers.includes(Number(n)) ? `x${text.slice(1)}` : text;
    });
    writeFileSync(join(folder, name), spoilt.join('\n'), 'latin1');
  }
}

const bodiesIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
    .filter((text) => text !== '')
    .map((text) => text.slice(9));

describe('the spool that both reporters agree on', () => {
  it.each(fixture.servers)('[R19] $url', ({ url, address, folder }) => {
    expect(normalizeAddress(url)).toBe(address);
    expect(folderOf(address)).toBe(folder);
  });

  it('[R20] the class of every type', () => {
    const types = Object.keys(fixture.classes) as FactType[];
    expect(Object.fromEntries(types.map((type) => [type, classOf(type)]))).toEqual(fixture.classes);
  });

  it.each(fixture.reads)('[R21] reads: $name', async ({ files, state: expected }) => {
    const state = await readState(folderWith(files));
    if (state === null || expected === null) {
      expect(state).toBe(expected);
      return;
    }
    const { nextEvent, nextBatch, settled, unsettled, dropped, damaged, openBatch } = state;
    const open = openBatch && {
      batch: openBatch.batch,
      from: openBatch.from,
      to: openBatch.to,
      events: unsettled.filter((n) => n >= openBatch.from && n < openBatch.to),
    };
    expect({ next_event: nextEvent, next_batch: nextBatch, settled, open, unsettled, dropped, damaged }).toEqual(
      expected,
    );
  });

  it.each(fixture.reads.filter(({ state }) => state !== null))(
    '[R22] sends first: $name',
    async ({ files, state: expected }) => {
      const spool = await openSpool(folderWith(files));
      const batch = spool.nextBatch(5_000, 4_000_000);
      const again = expected?.open;
      const sent = batch.events.map(({ n }) => n);
      expect(batch.number).toBe(again ? again.batch : expected?.next_batch);
      expect(sent).toEqual(again ? again.events : expected?.unsettled);
      spool.answered();
      const rest = spool.nextBatch(5_000, 4_000_000);
      expect(rest.number).toBe(batch.number + 1);
      expect(rest.events.map(({ n }) => n)).toEqual(expected?.unsettled.filter((n) => !sent.includes(n)));
    },
  );

  it.each(fixture.writes)('[R20] writes: $name', async ({ segment_bytes, steps, files }) => {
    const folder = folderWith({});
    const spool = await openSpool(folder, { segmentBytes: segment_bytes });
    for (const step of steps) takeStep(spool, step);
    expect(linesIn(folder)).toEqual(files);
  });

  it.each(fixture.drops)('[R24] drops: $name', async ({ files, max_bytes, after, dropped }) => {
    const folder = folderWith(files);
    const spool = await openSpool(folder, { maxBytes: max_bytes, segmentBytes: 100_000 });
    spool.keepWithinBound(Infinity);
    expect(linesIn(folder)).toEqual(after);
    expect(spool.dropped).toEqual(dropped);
    expect(spool.waiting).toBe((await readState(folder))?.unsettled.length);
  });

  it.each(fixture.unreadable)('[R21] the disk does not return: $name', async (made) => {
    const folder = folderWith({});
    const spool = await openSpool(folder);
    spool.append(Array.from({ length: made.events }, (_, n) => eventOf(`{"n":${n}}`)));
    damage(folder, made.damaged);
    const sent = made.batches.map(() => {
      const numbers = spool.nextBatch(made.max_events, 4_000_000).events.map(({ n }) => n);
      spool.answered();
      return numbers;
    });
    expect(sent).toEqual(made.batches);
    expect([spool.dropped, spool.waiting]).toEqual([made.dropped, 0]);
    expect(bodiesIn(folder).filter((text) => /^[BAD]/.test(text))).toEqual(made.lines);
  });

  it.each(fixture.backlog)('[R5] $events events of $bytes_each bytes', ({ events, bytes_each, is_backlog }) => {
    const batch = { number: 0, events: Array.from({ length: events }, () => ({ json: '', bytes: bytes_each })) };
    expect(isBacklog({ batch, isOwn: true } as never)).toBe(is_backlog);
  });

  it.each(fixture.fits)('[R5] fits: $name', async ({ events, max_events, max_bytes, batches }) => {
    const spool = await openSpool(folderWith({}));
    spool.append(events.map(eventOf));
    const sent = batches.map(() => {
      const { length } = spool.nextBatch(max_events, max_bytes).events;
      spool.answered();
      return length;
    });
    expect(sent).toEqual(batches);
  });

  it.each(fixture.locks.cases)('[R25] $name', ({ text, age_s, is_gone }) => {
    const { place, processes } = fixture.locks;
    expect(isGone(text, age_s, place, (pid) => processes[pid] ?? false)).toBe(is_gone);
  });
});

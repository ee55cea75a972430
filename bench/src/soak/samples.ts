import { atMost, type Figure } from '../lib/figure.ts';
import type { OpenFiles } from '../lib/open-files.ts';
import { slopeOf, verdictOf } from './slope.ts';

export interface Sample {
  readonly seconds: number;
  /** Acknowledged until then. */
  readonly events: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly handles: number;
  readonly files: OpenFiles | null;
  /** Files of the embedded database on disk. */
  readonly databaseFiles: number;
  readonly databaseBytes: number;
}

const mebi = 2 ** 20;
const secondsPerHour = 3_600;

interface Measure {
  readonly name: string;
  readonly unit: string;
  readonly of: (sample: Sample) => number;
  /** What it may grow in an hour. */
  readonly perHour: number;
}

// A server that grows by these needs no restart within a week on 24 GiB.
const measures: readonly Measure[] = [
  { name: 'heap after its garbage', unit: 'MiB', of: ({ heapBytes }) => heapBytes / mebi, perHour: 20 },
  { name: 'resident memory', unit: 'MiB', of: ({ residentBytes }) => residentBytes / mebi, perHour: 60 },
  { name: 'handles', unit: '', of: ({ handles }) => handles, perHour: 5 },
  { name: 'sockets', unit: '', of: ({ files }) => files?.sockets ?? Number.NaN, perHour: 5 },
  { name: 'open files, the database excluded', unit: '', of: ({ files }) => files?.others ?? Number.NaN, perHour: 5 },
];

/** The slopes of what is left without the warm-up, a fifth of the time. */
export function slopesOf(all: readonly Sample[]): Figure[] {
  const samples = all.slice(Math.ceil(all.length / 5));
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || samples.length < 5) throw new Error('too few samples: it needs some minutes');
  const events = last.events - first.events;
  const figures = measures.map(({ name, unit, of, perHour }): Figure => {
    const { perX, error } = slopeOf(samples.map((sample) => [sample.seconds / secondsPerHour, of(sample)]));
    const perEvent = ((perX * (last.seconds - first.seconds)) / secondsPerHour / events) * (unit === 'MiB' ? mebi : 1);
    const each = unit === 'MiB' ? `, ${perEvent.toFixed(2)} bytes an event` : '';
    return {
      name: `${name}, an hour`,
      value: perX,
      unit,
      note: `${verdictOf({ perX, error }, perHour)}, at most ${perHour} allowed (± ${(2 * error).toFixed(1)}${each}); ${of(first).toFixed(0)} → ${of(last).toFixed(0)}`,
    };
  });
  return [...figures, ...(first.files && last.files ? [databaseFilesOf(first, last)] : []), databaseOf(samples)];
}

/** They grow until the database has touched every file once; how many there are is their bound. */
function databaseFilesOf(first: Sample, last: Sample): Figure {
  const { database = Number.NaN, databaseTwice = Number.NaN } = last.files ?? {};
  return {
    name: 'open files of the database, twice',
    value: databaseTwice,
    unit: 'files',
    target: atMost(0),
    note: `${first.files?.database} → ${database} open, each of ${last.databaseFiles} on disk at most once`,
  };
}

/** Rows cost the same at the end as before: the bytes an event of the second half beside those of the first. */
function databaseOf(samples: readonly Sample[]): Figure {
  const middle = Math.floor(samples.length / 2);
  const perEvent = (some: readonly Sample[]) =>
    slopeOf(some.map(({ events, databaseBytes }) => [events, databaseBytes])).perX;
  const [before, after] = [perEvent(samples.slice(0, middle)), perEvent(samples.slice(middle))];
  return {
    name: 'database, an event',
    value: perEvent(samples),
    unit: 'bytes',
    note: `${before.toFixed(0)} in the first half, ${after.toFixed(0)} in the second; logs excluded`,
  };
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { atMost, type Entry, type Figure, Skipped } from '../lib/figure.ts';
import { withServer } from '../lib/server.ts';

const script = join(import.meta.dirname, '../generators/python-reporter.py');

interface Measured {
  readonly calls: Readonly<Record<string, { readonly p50: number; readonly p99: number; readonly longest: number }>>;
  readonly per_second: number;
  readonly lost: number;
}

/** The same for the Python reporter, with its threads and its spool in the same process. */
export const pythonLogCall: Entry = {
  name: 'python-log',
  about: 'one call of the Python reporter while it delivers, and how many events it brings',
  run: ({ quick }) =>
    withServer({}, async (server, rest) => {
      const key = await rest.createKey('bench');
      const { calls, per_second, lost } = await measure(server.url, key, quick ? ['3', '20000'] : ['10', '100000']);
      return [
        ...Object.entries(calls).flatMap(([name, call]) => figuresOf(name, call)),
        { name: 'sustained, one reporter', value: per_second, unit: 'events/s' },
        { name: 'dropped, rejected or left', value: lost, unit: 'events', target: atMost(0) },
      ];
    }),
};

function figuresOf(name: string, { p50, p99, longest }: { p50: number; p99: number; longest: number }): Figure[] {
  const isMeasure = name === 'plain append()';
  return [
    { name: `${name}: p50`, value: p50, unit: 'µs' },
    {
      name: `${name}: p99`,
      value: p99,
      unit: 'µs',
      ...(isMeasure ? {} : { target: atMost(20) }),
      note: isMeasure ? 'plain Python, for comparison' : `longest ${(longest / 1_000).toFixed(1)} ms`,
    },
  ];
}

async function measure(url: string, key: string, args: readonly string[]): Promise<Measured> {
  const env = { ...process.env, RONDO_URL: url, RONDO_API_KEY: key };
  const child = spawn('python3', [script, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close').catch(() => {
    throw new Skipped('there is no python3 on the path');
  });
  const [output, [code]] = await Promise.all([text(child.stdout), ended]);
  if (code !== 0) throw new Skipped(`python3 ended with ${code}; it has to be 3.10 or newer`);
  return JSON.parse(output) as Measured;
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { atMost, type Entry, Skipped } from '../lib/figure.ts';
import { withServer } from '../lib/server.ts';

const script = join(import.meta.dirname, '../generators/flower-run.py');
const venvs = join(import.meta.dirname, '../../../node_modules/.cache/rondo/frameworks');

interface Measured {
  readonly plain: number;
  readonly watched: number;
  readonly measured: number;
}

/** The Flower adapter's cost for a training whose clients share its two cores. */
export const flower: Entry = {
  name: 'flower',
  about: 'a round of a Flower training of 10 clients and 1,000,000 parameters, with and without the adapter',
  run: ({ quick }) =>
    withServer({}, async (server, rest) => {
      const key = await rest.createKey('bench');
      const { plain, watched, measured } = await measure(server.url, key, quick ? ['6', '3'] : ['20', '5']);
      const share = (of: number) =>
        `a round of ${of.toFixed(1)} ms; ${((of - plain) / 10).toFixed(1)} % of a round of a second`;
      return [
        { name: 'a round without the adapter', value: plain, unit: 'ms' },
        { name: 'cost of the adapter', value: watched - plain, unit: 'ms', target: atMost(5), note: share(watched) },
        {
          name: 'cost, updates measured too',
          value: measured - plain,
          unit: 'ms',
          target: atMost(10),
          note: `${share(measured)}; norms and cosines on the cores that the clients train on`,
        },
      ];
    }),
};

async function measure(url: string, key: string, args: readonly string[]): Promise<Measured> {
  const env = { ...process.env, RONDO_URL: url, RONDO_API_KEY: key, RONDO_SPOOL_DIR: 'off', OPENBLAS_NUM_THREADS: '1' };
  const child = spawn(findPython(), [script, ...args], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  if (code !== 0) throw new Skipped(`the training ended with ${code}`);
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as Measured;
}

/** The Python into which `npm run test:frameworks` has installed Flower. */
function findPython(): string {
  try {
    const name = readdirSync(venvs).find((folder) => /^flower-[0-9a-f]+$/.test(folder));
    if (name) return join(venvs, name, 'bin/python');
  } catch {
    // No venv has been made here yet.
  }
  throw new Skipped('Flower is not installed; npm run test:frameworks -- --only flower does it');
}

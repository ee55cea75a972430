import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { createReporter } from './reporter.ts';
import { filesIn, makeFolder } from './testing/folders.ts';
import { LiveIngest } from './testing/live-ingest.ts';
import { until } from './testing/make-reporter.ts';

const training = join(import.meta.dirname, 'testing/training.ts');
// 200 for the record, a few for every day: `TEST_KILLS=200 npx vitest run processes`.
const kills = Number(process.env.TEST_KILLS ?? 9);
// R18 holds for a program whose event loop runs; one that gets no CPU time is only late.
const unspooledNs = 50_000_000n;

function train(url: string, spool: string, first: number, seconds: number, ending = 'forget') {
  const child = spawn(process.execPath, [training, url, spool, String(first), String(seconds), ending], {
    stdio: ['ignore', 'pipe', ending === 'throw' ? 'ignore' : 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, output: text(child.stdout), ended: once(child, 'exit').then(([code]) => code as number | null) };
}

/** The first of a process's own words. */
const begun = (child: ChildProcess) => once(child.stdout as NonNullable<ChildProcess['stdout']>, 'data');

const stepsIn = (output: string) => output.split('\n').filter((line) => /^\d+ \d+$/.test(line)).length;

it('[R14] delivers what a program forgot to close', async () => {
  const ingest = await LiveIngest.start();
  const spool = makeFolder();
  const { output, ended } = train(ingest.url, spool, 0, 0.05);
  expect(await ended).toBe(0);
  expect(ingest.steps).toHaveLength(stepsIn(await output));
  expect(filesIn(spool)).toEqual([]);
});

it.each([
  ['exit', 0],
  ['throw', 1],
])('[R18] loses nothing when a program ends at once by %s', async (ending, exitCode) => {
  const ingest = await LiveIngest.start();
  const spool = makeFolder();
  const { output, ended } = train(ingest.url, spool, 0, 0.05, ending);
  expect(await ended).toBe(exitCode);
  const said = stepsIn(await output);
  const next = train(ingest.url, spool, 1_000_000, 0);
  expect(await next.ended).toBe(0);
  expect(ingest.steps).toHaveLength(said);
  expect(ingest.changed).toEqual([]);
});

it('[R15] ends in time with a server that is down, and leaves the rest on disk', async () => {
  const spool = makeFolder();
  const startedAt = performance.now();
  const { output, ended } = train('http://127.0.0.1:9', spool, 0, 0.05, 'close');
  expect(await ended).toBe(0);
  // 2 s, and the start of a process on a busy machine.
  expect(performance.now() - startedAt).toBeLessThan(30_000);
  const stats = JSON.parse((await output).trim().split('\n').at(-1) ?? '');
  expect(stats).toMatchObject({ acknowledged: 0, dropped: 0, queued: stats.reported });
});

it(
  `[R18] kill -9 at a random moment, ${kills} times, loses nothing spooled and doubles nothing`,
  async () => {
    const seed = Number(process.env.TEST_SEED ?? 20_261_130);
    const about = `TEST_SEED=${seed}`;
    const chance = makeChance(seed);
    const ingest = await LiveIngest.start();
    const spool = makeFolder();
    const said: { step: number; mustBeThere: boolean }[] = [];
    let first = 0;
    for (let kill = 0; kill < kills; kill++) {
      // Every third training meets a server that is down, or loses answers.
      const fault = ([null, 'down', 'lost answer'] as const)[kill % 3] ?? null;
      ingest.fault = () => (chance() < 0.5 ? fault : null);
      const { child, output, ended } = train(ingest.url, spool, first, 60);
      await begun(child);
      await wait(chance() * 250);
      child.kill('SIGKILL');
      await ended;
      // A line that was cut short says nothing.
      const lines = [...(await output).matchAll(/^(\d+) (\d+)\n/gm)];
      const lastAt = BigInt(lines.at(-1)?.[2] ?? 0);
      for (const [, step = '', at = ''] of lines) {
        first = Number(step) + 1;
        said.push({ step: Number(step), mustBeThere: BigInt(at) < lastAt - unspooledNs });
      }
    }
    ingest.fault = () => null;
    const last = createReporter({ name: 'last', run_id: 'run-1', url: ingest.url, apiKey: 'k', spoolDir: spool });
    await until(() => last.stats().queued === 0);
    await last.close({ timeoutMs: 10_000 });
    const got = ingest.steps.map(Number);
    const there = new Set(got);
    // A folder that was only half made has never held anything.
    expect(
      filesIn(spool).filter((path) => !path.includes('.new-')),
      about,
    ).toEqual([]);
    expect(said.filter(({ mustBeThere }) => mustBeThere).length, about).toBeGreaterThan(kills * 5);
    expect(ingest.changed, about).toEqual([]);
    expect(got, `out of order or doubled; ${about}`).toEqual([...there].sort((a, b) => a - b));
    expect(
      said.filter(({ step, mustBeThere }) => mustBeThere && !there.has(step)),
      about,
    ).toEqual([]);
  },
  20_000 + kills * 3_000,
);

/** Mulberry32. */
function makeChance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs, { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setImmediate, setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ReporterOptions } from '../options.ts';
import { createReporter } from '../reporter.ts';
import { filesIn, makeFolder, sayItDied, spoolsIn } from '../testing/folders.ts';
import { makeReporter, range, type Scene, until } from '../testing/make-reporter.ts';
import { SpoolHome } from './home.ts';
import { take, takeOver } from './lock.ts';
import { readState } from './state.ts';

const url = 'http://127.0.0.1:8000';

const makeSpooling = (root: string, options: Partial<ReporterOptions> = {}): Scene =>
  makeReporter({ url, spoolDir: root, ...options });

const sayMetrics = ({ reporter }: Scene, steps: readonly number[]) => {
  for (const step of steps) reporter.metric('loss', step / 7, { step });
};

/** Advances time until everything is delivered, while another thread compresses bodies. */
const deliver = ({ reporter, clock }: Scene) =>
  until(async () => {
    await clock.advance(100);
    return reporter.stats().queued === 0;
  });

/** The disk takes `spare` more bytes, the last of them a part of a line. Returns how to end it. */
function fillDisk(spare = 0): () => void {
  const write = fs.writeSync;
  let left = spare;
  const writeSync = (file: number, data: Uint8Array, offset = 0) => {
    if (left <= 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const written = write(file, data, offset, Math.min(left, data.length - offset));
    left -= written;
    return written;
  };
  const set = (is: typeof fs.writeSync) => {
    fs.writeSync = is;
    syncBuiltinESMExports();
  };
  const end = () => set(write);
  onTestFinished(end);
  set(writeSync as typeof fs.writeSync);
  return end;
}

/** A reporter whose process was killed after a batch that the server has not accepted. */
async function leave(root: string, steps: readonly number[], options: Partial<ReporterOptions> = {}): Promise<string> {
  const before = existsSync(root) ? spoolsIn(root) : [];
  const scene = makeSpooling(root, options);
  scene.server.fault = () => 'down';
  sayMetrics(scene, steps);
  await scene.clock.advance(100);
  const [folder = ''] = spoolsIn(root).filter((path) => !before.includes(path));
  sayItDied(folder);
  // It does nothing more: not even its last words.
  writeFileSync(join(folder, 'lock-9'), '');
  await scene.clock.advance(70_000);
  fs.rmSync(join(folder, 'lock-9'));
  return folder;
}

describe('[R18] the spool', () => {
  it('[R18] has every event within 50 ms, and none inside the call', async () => {
    const root = makeFolder();
    const scene = makeSpooling(root);
    scene.server.fault = () => 'down';
    sayMetrics(scene, range(10));
    expect(filesIn(root)).toEqual([]);
    await scene.clock.advance(49);
    const [folder = ''] = spoolsIn(root);
    expect((await readState(folder))?.unsettled).toHaveLength(11);
  });

  it('[R18] is empty and gone when everything is delivered', async () => {
    const root = makeFolder();
    const scene = makeSpooling(root);
    sayMetrics(scene, range(10));
    await deliver(scene);
    const closing = scene.reporter.close();
    await scene.clock.advance(10);
    expect(await closing).toMatchObject({ acknowledged: 11, queued: 0 });
    expect(filesIn(root)).toEqual([]);
  });

  it('[R19] may be read by its owner only', async () => {
    const root = makeFolder();
    const scene = makeSpooling(root);
    await scene.clock.advance(49);
    const [folder = ''] = spoolsIn(root);
    const modes = [folder, ...filesIn(folder)].map((path) => statSync(path).mode & 0o777);
    expect(modes).toEqual([0o700, 0o600, 0o600]);
    expect(
      filesIn(folder)
        .map((path) => readFileSync(path, 'utf8'))
        .join(),
    ).not.toContain('key-for-tests');
  });

  it('[R23] does not fill the disk in a long run', async () => {
    const root = makeFolder();
    const scene = makeSpooling(root);
    for (const part of range(40)) {
      sayMetrics(scene, range(500, part * 500));
      await scene.clock.advance(100);
    }
    await deliver(scene);
    expect(scene.server.steps).toEqual(range(20_000));
    expect(readdirSync(spoolsIn(root)[0] ?? '').filter((name) => name.endsWith('.log')).length).toBeLessThanOrEqual(2);
  });

  it('[R24] drops its oldest telemetry when full, and reports it', async () => {
    const root = makeFolder();
    const scene = makeSpooling(root, { spoolMaxBytes: 64 * 1024 });
    scene.server.fault = () => 'down';
    for (const step of range(3_000)) {
      sayMetrics(scene, [step]);
      if (step % 100 === 0) scene.reporter.clientLeft({ client_id: String(step) });
      if (step % 10 === 0) await scene.clock.advance(100);
    }
    expect(filesIn(root).reduce((sum, path) => sum + statSync(path).size, 0)).toBeLessThan(72 * 1024);
    scene.server.fault = () => null;
    await until(async () => {
      await scene.clock.advance(1_000);
      return scene.server.types.includes('log') && scene.reporter.stats().queued === 0;
    });
    const { facts, steps } = scene.server;
    const left = facts.flatMap((fact) => (fact.type === 'client_left' ? [fact.client_id] : []));
    expect(left).toEqual(range(30).map((n) => String(n * 100)));
    expect(steps.at(-1)).toBe(2_999);
    expect(steps).toEqual([...new Set(steps)].sort((a, b) => Number(a) - Number(b)));
    const { dropped, reported, acknowledged } = scene.reporter.stats();
    expect(dropped).toBe(3_000 - steps.length);
    expect(dropped).toBeGreaterThan(1_000);
    expect(reported).toBe(acknowledged + dropped);
    const [notice] = facts.flatMap((fact) => (fact.type === 'log' ? [fact.message] : []));
    expect(notice).toContain(`${dropped} measurements`);
  });

  it('loses only the events of a line that the disk has damaged, and says how many', async () => {
    const root = makeFolder();
    const scene = makeSpooling(root);
    scene.server.fault = () => 'down';
    await scene.clock.advance(60);
    sayMetrics(scene, range(3));
    await scene.clock.advance(40);
    const path = join(spoolsIn(root)[0] ?? '', '00000001.log');
    const text = readFileSync(path, 'utf8').replace('"step":1}', '"step":7}');
    writeFileSync(path, text);
    scene.server.fault = () => null;
    await scene.clock.advance(2_000);
    expect(scene.server.steps).toEqual([0, 2]);
    expect(scene.reporter.stats()).toMatchObject({ reported: 5, acknowledged: 4, dropped: 1, queued: 0 });
    expect(scene.server.facts.at(-1)).toMatchObject({ type: 'log', message: expect.stringContaining('1 facts') });
    expect(scene.server.requests.length).toBeLessThan(8);
  });
});

describe('[R27] a disk that fails', () => {
  it.each([0, 50, 500, 2_000])('[R27] costs no event when %d bytes are left on it', async (spare) => {
    const scene = makeSpooling(makeFolder());
    await scene.clock.advance(100);
    const mend = fillDisk(spare);
    for (const part of range(5)) {
      sayMetrics(scene, range(10, part * 10));
      await scene.clock.advance(300);
    }
    mend();
    await scene.clock.advance(1_000);
    sayMetrics(scene, range(10, 50));
    await deliver(scene);
    expect(scene.server.steps).toEqual(range(60));
    expect(scene.reporter.stats()).toMatchObject({ queued: 0, acknowledged: 61 });
    expect(scene.problems.map(({ code }) => code)).toEqual(['spool_failed']);
  });

  it('[R27] and a server that is down: events wait in memory, in their order', async () => {
    const scene = makeSpooling(makeFolder());
    await scene.clock.advance(100);
    scene.server.fault = () => 'down';
    sayMetrics(scene, range(10));
    await scene.clock.advance(1_000);
    const mend = fillDisk(30);
    sayMetrics(scene, range(10, 10));
    await scene.clock.advance(2_000);
    mend();
    for (const part of [2, 3]) {
      sayMetrics(scene, range(10, part * 10));
      await scene.clock.advance(2_000);
    }
    scene.server.fault = () => null;
    await deliver(scene);
    expect(scene.server.steps).toEqual(range(40));
  });

  it('[R27] leaves no torn line before the next', async () => {
    const root = makeFolder();
    const scene = makeSpooling(root);
    scene.server.fault = () => 'down';
    await scene.clock.advance(100);
    const mend = fillDisk(40);
    sayMetrics(scene, [1]);
    await scene.clock.advance(2_000);
    mend();
    sayMetrics(scene, [2]);
    await scene.clock.advance(2_000);
    const state = await readState(spoolsIn(root)[0] ?? '');
    expect([state?.damaged, state?.unsettled.length]).toEqual([0, 3]);
  });

  it('[R27] halves and gives up without it as well', async () => {
    const scene = makeSpooling(makeFolder());
    scene.server.fault = () => 'down';
    sayMetrics(scene, range(9));
    await scene.clock.advance(100);
    fillDisk();
    scene.server.fault = ({ events }) => (events.length > 3 ? { status: 413 } : null);
    await deliver(scene);
    expect([...new Set(scene.server.steps)]).toEqual(range(9));
    expect(scene.reporter.stats()).toMatchObject({ queued: 0, dropped: 0 });
  });

  it('[R27] where no folder can be made costs only the spool', async () => {
    const blocked = join(makeFolder(), 'file');
    writeFileSync(blocked, 'not a folder');
    const scene = makeSpooling(join(blocked, 'spool'));
    sayMetrics(scene, range(10));
    await deliver(scene);
    expect(scene.server.steps).toEqual(range(10));
    expect(scene.problems.map(({ code }) => code)).toEqual(['spool_failed']);
  });
});

it('[R8] two hours without a server lose nothing, on disk', async () => {
  const scene = makeSpooling(makeFolder());
  scene.server.fault = () => 'down';
  for (const step of range(720)) {
    sayMetrics(scene, [step]);
    await scene.clock.advance(10_000);
  }
  scene.server.fault = () => null;
  await deliver(scene);
  expect(scene.server.steps).toEqual(range(720));
  expect(scene.server.changed).toEqual([]);
});

describe('[R26] what others have left', () => {
  it('[R26] is delivered by the next reporter, before its own events', async () => {
    const root = makeFolder();
    const folder = await leave(root, [1, 2, 3]);
    const scene = makeSpooling(root);
    sayMetrics(scene, [4]);
    await scene.clock.advance(1_000);
    expect(scene.server.steps).toEqual([1, 2, 3, 4]);
    expect(folder).toContain(scene.server.requests[0]?.reporter_id);
    expect(existsSync(folder)).toBe(false);
    expect(scene.reporter.stats()).toMatchObject({ recovered: 4, acknowledged: 2, reported: 2 });
  });

  it('[R26] is delivered too when the next reporter ends at once', async () => {
    const root = makeFolder();
    await leave(root, [1, 2]);
    const scene = makeSpooling(root);
    sayMetrics(scene, [3]);
    const closing = scene.reporter.close();
    await scene.clock.advance(1_000);
    await closing;
    expect(scene.server.steps).toEqual([1, 2, 3]);
    expect(filesIn(root)).toEqual([]);
  });

  it('[R22] is a duplicate if it was taken before the kill', async () => {
    const root = makeFolder();
    const first = makeSpooling(root);
    first.server.fault = () => 'lost answer';
    sayMetrics(first, [1, 2, 3]);
    await first.clock.advance(60);
    for (const folder of spoolsIn(root)) sayItDied(folder);
    const scene = makeSpooling(root, { post: first.server.post });
    first.server.fault = () => null;
    sayMetrics(scene, [4]);
    await scene.clock.advance(1_000);
    expect(first.server.steps).toEqual([1, 2, 3, 4]);
    const [sent, again] = first.server.requests;
    expect(again).toMatchObject({ reporter_id: sent?.reporter_id, batch: sent?.batch, events: sent?.events });
  });

  it('[R14] after a close with the server down is delivered by the next in the same process', async () => {
    const root = makeFolder();
    const first = makeSpooling(root);
    first.server.fault = () => 'down';
    sayMetrics(first, [1]);
    const closing = first.reporter.close({ timeoutMs: 50 });
    await first.clock.advance(50);
    expect(await closing).toMatchObject({ dropped: 0, queued: 2 });
    expect(first.problems.at(-1)?.message).toContain('2 events are not delivered yet');
    const scene = makeSpooling(root);
    await scene.clock.advance(1_000);
    expect(scene.server.steps).toEqual([1]);
  });

  it('[R26] of other runs waits until there is nothing else, and its commands are left to others', async () => {
    const root = makeFolder();
    await leave(root, [1, 2], { run_id: 'run-0' });
    const scene = makeSpooling(root, { onCommand: () => undefined });
    scene.server.commands = [{ command_id: 'c', command: 'stop_run', run_id: 'run-0', reason: 'x' } as never];
    sayMetrics(scene, [3]);
    await scene.clock.advance(1_000);
    expect(scene.server.steps).toEqual([3, 1, 2]);
    expect(scene.server.types).not.toContain('command_ack');
  });

  it('[R26] for another server is left alone', async () => {
    const root = makeFolder();
    const folder = await leave(root, [1]);
    const scene = makeSpooling(root, { url: 'http://other:8000' });
    await scene.clock.advance(100_000);
    expect(scene.server.steps).toEqual([]);
    expect(existsSync(folder)).toBe(true);
  });

  it('[R26] is looked for every minute', async () => {
    const root = makeFolder();
    const scene = makeSpooling(root);
    await scene.clock.advance(1_000);
    await leave(root, [1]);
    await scene.clock.advance(30_000);
    expect(scene.server.steps).toEqual([]);
    await scene.clock.advance(40_000);
    expect(scene.server.steps).toEqual([1]);
  });

  it('[R24] and its drops are reported later', async () => {
    const root = makeFolder();
    const first = makeSpooling(root, { spoolMaxBytes: 64 * 1024 });
    first.server.fault = () => 'down';
    for (const step of range(600)) {
      sayMetrics(first, [step]);
      await first.clock.advance(10);
    }
    const { dropped } = first.reporter.stats();
    expect(dropped).toBeGreaterThan(0);
    for (const folder of spoolsIn(root)) sayItDied(folder);
    const scene = makeSpooling(root);
    await until(async () => {
      await scene.clock.advance(100);
      return scene.server.types.includes('log');
    });
    const notices = scene.server.facts.flatMap((fact) => (fact.type === 'log' ? [fact.message] : []));
    expect(notices).toEqual([expect.stringContaining(`${dropped} measurements`)]);
    expect(scene.server.steps.length + dropped).toBe(600);
  });

  it('[R21] by a later version is left alone', async () => {
    const root = makeFolder();
    const folder = await leave(root, [1]);
    const { version, files } = laterVersion();
    expect(version).toBe(2);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const scene = makeSpooling(root);
    await scene.clock.advance(1_000);
    expect(scene.server.steps).toEqual([]);
    expect(existsSync(folder)).toBe(true);
  });
});

/** The case of the fixtures. */
function laterVersion(): { version: number; files: Record<string, string> } {
  const path = new URL('../../../../protocol/fixtures/spool.json', import.meta.url);
  const { reads } = JSON.parse(readFileSync(path, 'utf8'));
  const found = reads.find(({ name }: { name: string }) => name === 'a folder of a later version is left alone');
  const files = Object.entries(found.files).map(([name, lines]) => [name, (lines as string[]).join('\n')]);
  return { version: 2, files: Object.fromEntries(files) };
}

describe('[R25] the lock', () => {
  const homeOf = (root: string) => new SpoolHome({ root, address: url, at: () => '', maxBytes: 1e9 });

  it.each(['with', 'without'])('[R25] is taken once, on a disk %s links', (links) => {
    const { linkSync } = fs;
    const set = (is: typeof fs.linkSync) => {
      fs.linkSync = is;
      syncBuiltinESMExports();
    };
    onTestFinished(() => set(linkSync));
    if (links === 'without') {
      set(() => {
        throw Object.assign(new Error('no links here'), { code: 'EPERM' });
      });
    }
    const folder = makeFolder();
    expect(take(folder, 1)).not.toBeNull();
    expect(take(folder, 1)).toBeNull();
    expect(readdirSync(folder)).toEqual(['lock-1']);
  });

  it('[R25] of a living owner keeps its folder', async () => {
    const root = makeFolder();
    const scene = makeSpooling(root);
    scene.server.fault = () => 'down';
    await scene.clock.advance(100);
    expect(await homeOf(root).adopt()).toEqual([]);
  });

  it('[R25] that another process took over: the reporter continues elsewhere, and counts each event once', async () => {
    const root = makeFolder();
    const scene = makeSpooling(root);
    scene.server.fault = () => 'down';
    sayMetrics(scene, [1]);
    await scene.clock.advance(100);
    const [folder = ''] = spoolsIn(root);
    writeFileSync(join(folder, 'lock-2'), JSON.stringify({ pid: 1, place: 'another machine' }));
    await scene.clock.advance(10_000);
    expect(scene.reporter.stats()).toMatchObject({ reported: 2, queued: 2 });
    scene.server.fault = () => null;
    sayMetrics(scene, [2]);
    await scene.clock.advance(20_000);
    expect(scene.server.steps).toEqual([1, 2]);
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(['00000001.log', 'lock-1', 'lock-2']));
    const { reported, acknowledged, queued } = scene.reporter.stats();
    expect(acknowledged + queued).toBe(reported);
  });

  it('[R25] half-made folders of the past are tidied away, new ones left', async () => {
    const root = makeFolder();
    const scene = makeSpooling(root);
    await scene.clock.advance(100);
    const server = join(spoolsIn(root)[0] ?? '', '..');
    for (const name of ['.new-old', '.new-now']) mkdirSync(join(server, name));
    utimesSync(join(server, '.new-old'), new Date(0), new Date(0));
    await homeOf(root).adopt();
    expect(readdirSync(server).filter((name) => name.startsWith('.new-'))).toEqual(['.new-now']);
  });
});

describe('[R25] several processes', () => {
  /** A process that does one thing with the spools on command. */
  async function startChild(root: string, action: string) {
    const code = `
      import { SpoolHome } from ${JSON.stringify(fileURLToPath(new URL('./home.ts', import.meta.url)))};
      const home = new SpoolHome({ root: ${JSON.stringify(root)}, address: ${JSON.stringify(url)}, at: () => '', maxBytes: 1e9 });
      process.stdin.once('data', async () => console.log((${action}).map((spool) => spool.reporter_id).join(' ')));
      console.log('ready');`;
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', code], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('ready');
    return { child, act: () => child.stdin.write('\n'), line: async () => String((await lines.next()).value) };
  }

  it('[R25] that start at once adopt each folder once', async () => {
    const root = makeFolder();
    for (const run of range(10)) {
      const scene = makeSpooling(root, { run_id: `run-${run}` });
      scene.server.fault = () => 'down';
      await scene.clock.advance(100);
    }
    for (const folder of spoolsIn(root)) sayItDied(folder);
    const children = await Promise.all(range(4).map(() => startChild(root, 'await home.adopt()')));
    for (const { act } of children) act();
    const taken = await Promise.all(children.map(({ line }) => line()));
    const ids = taken.flatMap((line) => line.split(' ').filter((id) => id !== ''));
    expect(ids.sort()).toEqual(spoolsIn(root).map((folder) => folder.slice(-36)));
  });

  it('[R25] an owner that was killed is gone at once', async () => {
    const root = makeFolder();
    const { child, act, line } = await startChild(root, '[home.create("run-9")]');
    act();
    await line();
    const [folder = ''] = spoolsIn(root);
    expect(takeOver(folder)).toBeNull();
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(takeOver(folder)).not.toBeNull();
  });

  it('[R26] the spool of a Python reporter is delivered, and the other way round', async () => {
    // Both write what the fixtures say; here is that the folders have the same place and lock.
    const root = makeFolder();
    const source = fileURLToPath(new URL('../../../python/src', import.meta.url));
    const script = `
import sys; sys.path.insert(0, ${JSON.stringify(source)})
import rondo
run = rondo.run("x", run_id="run-1", url=${JSON.stringify(url.replace('8000', '9'))}, api_key="k", spool_dir=${JSON.stringify(root)}, on_problem=lambda problem: None)
run.metric("loss", 1, step=1)
run.close(0.1)`;
    const python = spawn('python3', ['-c', script], { stdio: ['ignore', 'inherit', 'inherit'] });
    const code = await Promise.race([
      once(python, 'exit').then(([exit]) => exit),
      once(python, 'error').then(() => null),
    ]);
    if (code !== 0) return; // There is no Python here, and nothing to be compatible with.
    const scene = makeSpooling(root, { url: url.replace('8000', '9') });
    await scene.clock.advance(1_000);
    expect(scene.server.steps).toEqual([1]);
    expect(scene.reporter.stats()).toMatchObject({ recovered: 2 });
  });
});

it('[R15] a reporter that is never closed does not keep the process alive, its timers included', async () => {
  const root = makeFolder();
  const reporter = createReporter({
    name: 'x',
    url: 'http://127.0.0.1:9',
    apiKey: 'k',
    spoolDir: root,
    onProblem: () => {},
  });
  await wait(100);
  expect(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length).toBeLessThanOrEqual(2);
  await reporter.close({ timeoutMs: 50 });
  await setImmediate();
});

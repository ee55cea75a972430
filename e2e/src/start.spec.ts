import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Rest } from './rest.ts';
import { admin, freePort, root } from './server.ts';
import { expect, test } from './test.ts';

/** `npm start` without npm, on a folder of its own. */
function start(dataDir: string, port: number) {
  const child = spawn(process.execPath, ['scripts/start.js'], {
    cwd: root,
    env: { ...process.env, DATA_DIR: dataDir, PORT: String(port), ADMIN_PASSWORD: admin.password },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  return { child, output: () => output };
}

/** A terminal sends it to the whole group, and npm passes it on: it comes twice. */
async function pressCtrlC(child: ChildProcess): Promise<number | null> {
  const ended = once(child, 'exit');
  child.kill('SIGINT');
  child.kill('SIGINT');
  const [code] = await ended;
  return code;
}

test('npm start shows a run that moves; Ctrl-C ends it in order; started again, the data is there', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'rondo-start-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const started: ChildProcess[] = [];
  const startAgain = () => {
    const one = start(dataDir, port);
    started.push(one.child);
    return one;
  };
  try {
    const first = startAgain();
    await expect.poll(first.output, { timeout: 30_000 }).toContain('demo federation started (50 clients)');
    expect(first.output()).toContain(`${url}/sign-in#token=`);
    const rest = await Rest.signIn({ url });
    await expect.poll(async () => (await rest.runs()).items[0]?.current_round, { timeout: 20_000 }).toBe(2);
    expect(await pressCtrlC(first.child)).toBe(0);
    expect(await readFile(join(dataDir, 'demo.log'), 'utf8')).toMatch(/demo: ended, \d+ events delivered\n$/);

    const second = startAgain();
    await expect.poll(second.output, { timeout: 30_000 }).toContain('is running');
    const again = await Rest.signIn({ url });
    expect((await again.runs()).items).toMatchObject([{ status: 'stopped', reason: 'ended by SIGTERM' }]);
    expect(await pressCtrlC(second.child)).toBe(0);
  } finally {
    await Promise.all(started.filter((child) => child.exitCode === null).map(pressCtrlC));
    await rm(dataDir, { recursive: true, force: true });
  }
});

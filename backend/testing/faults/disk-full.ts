import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../postgres.ts';
import { Load } from './load.ts';
import { type FaultOptions, type FaultReport, NotPossible } from './report.ts';
import { admin, makeKey, openSite, type Site, until } from './site.ts';

const mebibyte = 1024 * 1024;
const diskMiB = { embedded: 320, postgresql: 260 } as const;
const ballastMiB = 80;
const reserveMiB = 64;
const linesPerReport = 400;
const longestEndMs = 10_000;

/**
 * An ordinary key fills the disk of the database while a reporter reports. Each time: 507 that says so, reads and sign-in
 * go on, health says why; and when space returns, everything resumes by itself. At the end SIGTERM ends the server. [B5] [B6]
 */
export const fillDisk =
  (database: 'embedded' | 'postgresql') =>
  async ({ seed, count, say }: FaultOptions): Promise<FaultReport> => {
    const disk = mountSmallDisk(diskMiB[database]);
    const spools = mkdtempSync(join(tmpdir(), 'rondo-spools-'));
    const troubles: string[] = [];
    let site: Site | undefined;
    const postgres = database === 'postgresql' ? await startOn(disk.folder) : undefined;
    try {
      site = await openSite({
        database,
        postgres,
        ...(database === 'embedded' && { folder: disk.folder }),
        settings: { DISK_RESERVE_BYTES: String(reserveMiB * mebibyte), KEY_BYTES_PER_DAY: String(1e12) },
      });
      const url = site.servers[0]?.url ?? '';
      const key = await makeKey(url);
      const load = new Load({
        url,
        key,
        folder: mkdtempSync(join(tmpdir(), 'rondo-spools-')),
        name: 'load',
        reporters: 1,
      });
      await load.acknowledgedAfterNow(10);
      for (let time = 0; time < count; time++) {
        // A run that is there when the disk is full, whose attention list is read.
        await until('reports are taken', async () => (await report(url, key, `filler-${time}`, 1)).status === 200);
        const ballast = join(disk.folder, 'ballast');
        writeFileSync(ballast, Buffer.alloc(ballastMiB * mebibyte));
        troubles.push(
          ...(await fillUp(url, key, time, load)).map((trouble) => `seed ${seed}, time ${time}: ${trouble}`),
        );
        rmSync(ballast);
        // What filled the disk stays; an operator who makes room removes something else.
        await until('reports are taken again', async () => (await report(url, key, `after-${time}`, 1)).status === 200);
        await load.acknowledgedAfterNow(1);
        const health = await bodyOf(await ask(`${url}/api/health`));
        if (health.status !== 'ok') troubles.push(`health is ${JSON.stringify(health)} with room`);
        await until(
          'the trouble is over on the list',
          async () => (await diskTrouble(url, key, `filler-${time}`)) === true && (await gauge(url)) === '0',
        );
        await remove(url, `filler-${time}`);
        await load.check();
      }
      const { acknowledged, lost, doubled, troubles: more } = await load.finish();
      const end = await site.servers[0]?.end();
      if (end && (end.tookMs > longestEndMs || end.code !== 0))
        troubles.push(`SIGTERM: code ${end.code} after ${Math.round(end.tookMs)} ms`);
      say(
        `${database}: ${count} times full, ${acknowledged} acknowledged, ended in ${Math.round(end?.tookMs ?? 0)} ms`,
      );
      return { injected: count, acknowledged, lost, doubled, troubles: [...troubles, ...more] };
    } finally {
      await site?.close();
      await postgres?.stop();
      disk.unmount();
      rmSync(spools, { recursive: true, force: true });
    }
  };

/** Fills the disk, and says what is not as it must be while it is full. */
async function fillUp(url: string, key: string, time: number, load: Load): Promise<string[]> {
  const troubles: string[] = [];
  const must = (isSo: boolean, what: string) => {
    if (!isSo) troubles.push(what);
  };
  let answer = await report(url, key, `filler-${time}`, 1);
  for (let tries = 0; answer.status === 200 && tries < 80; tries++)
    answer = await report(url, key, `filler-${time}`, linesPerReport);
  const problem = await bodyOf(answer);
  must(answer.status === 507, `a full disk is ${answer.status} ${JSON.stringify(problem)}`);
  must(/nothing can be stored: .+ Free some room/.test(String(problem.detail)), `the problem says ${problem.detail}`);
  const health = await ask(`${url}/api/health`);
  const said = await bodyOf(health);
  must(health.status === 200 && said.status === 'degraded', `health is ${health.status} ${JSON.stringify(said)}`);
  must(/reserve|full/.test(String(said.reason)), `health gives the reason ${said.reason}`);
  const upload = await ask(`${url}/api/uploads`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'tus-resumable': '1.0.0', 'upload-length': '10' },
  });
  must(upload.status === 507, `an upload is ${upload.status}`);
  const { status } = await ask(`${url}/api/auth/login`, signIn);
  must(status === 200, `a sign-in is ${status}`);
  await until('the attention list says so', async () => (await diskTrouble(url, key, `filler-${time}`)) === false);
  must((await gauge(url)) === '1', 'the gauge of the disk is not 1');
  // A read of all that was acknowledged, while the disk is full.
  await load.check();
  return troubles;
}

const json = { 'content-type': 'application/json' };
const signIn = { method: 'POST', headers: json, body: JSON.stringify(admin) };
const bodyOf = async (answer: Response) => (await answer.json()) as Record<string, unknown>;
const ask = (url: string, init: RequestInit = {}) => fetch(url, { ...init, signal: AbortSignal.timeout(60_000) });

/** Whether the trouble of the disk is over, as the attention list of a run says; undefined if it does not know of one. */
async function diskTrouble(url: string, key: string, run: string): Promise<boolean | undefined> {
  const list = await bodyOf(
    await ask(`${url}/api/runs/${run}/attention`, { headers: { authorization: `Bearer ${key}` } }),
  );
  const items = list.items as { rule: string; evidence: { is_over: boolean } }[];
  return items.find(({ rule }) => rule === 'server_disk')?.evidence.is_over;
}

const gauge = async (url: string): Promise<string | undefined> =>
  (await (await ask(`${url}/metrics`)).text()).match(/^rondo_server_trouble\{rule="server_disk"\} (\d)/m)?.[1];

let batch = 0;
function report(url: string, key: string, run_id: string, lines: number): Promise<Response> {
  batch += 1;
  const events = Array.from({ length: lines }, () => ({
    type: 'log',
    run_id,
    at: new Date().toISOString(),
    level: 'info',
    message: randomBytes(3_900).toString('hex'),
  }));
  return ask(`${url}/api/ingest`, {
    method: 'POST',
    headers: { ...json, authorization: `Bearer ${key}` },
    body: JSON.stringify({ reporter_id: 'filler', batch, events }),
  });
}

async function remove(url: string, runId: string): Promise<void> {
  const { access_token } = await bodyOf(await ask(`${url}/api/auth/login`, signIn));
  await ask(`${url}/api/runs/${runId}`, { method: 'DELETE', headers: { authorization: `Bearer ${access_token}` } });
}

/** PostgreSQL with its tables on the small disk. Its log is small, because a log that cannot grow stops PostgreSQL. */
async function startOn(parent: string) {
  chmodSync(parent, 0o755);
  const flags = ['max_wal_size=64MB', 'min_wal_size=64MB', 'autovacuum_naptime=1s'];
  return startPostgres({ parent, flags: flags.flatMap((flag) => ['-c', flag]) });
}

function mountSmallDisk(size: number): { folder: string; unmount: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'rondo-small-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}m`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    rmSync(folder, { recursive: true });
    throw new NotPossible('a small disk needs the right to mount one');
  }
  return {
    folder,
    unmount: () => {
      execFileSync('umount', ['-l', folder]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { applyBatch, fromSnapshot, type ViewerState } from '@rondo/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeRun, type TestRun } from '../testing/facts.ts';
import { type PostgresServer, startPostgres } from '../testing/postgres.ts';
import { type ServerProcess, startProcess } from '../testing/process.ts';
import { openSocket, type TestSocket } from '../testing/socket.ts';

const admin = { username: 'admin', password: 'correct horse battery' };
const reporters = 3;
const batchesEach = 150;

let folder: string;
let postgres: PostgresServer | undefined;
const servers: ServerProcess[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rondo-test-'));
  postgres = await startPostgres();
  const settings = {
    DATABASE_URL: await postgres.createDatabase('killed'),
    SECRET_KEY: 'the same on all servers of one database',
    ADMIN_PASSWORD: admin.password,
    TMPDIR: folder,
  };
  for (const name of ['a', 'b']) servers.push(startProcess({ ...settings, DATA_DIR: join(folder, name) }));
}, 240_000);
afterAll(async () => {
  for (const { child } of servers) child.kill('SIGKILL');
  await Promise.all(servers.map(({ ended }) => ended));
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function post<T>(url: string, body: object, headers: Record<string, string> = {}): Promise<T> {
  const all = { 'content-type': 'application/json', ...headers };
  const answer = await fetch(url, { method: 'POST', headers: all, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return (await answer.json()) as T;
}

/** A reporter by the rules: sends the same batch until a server responds, whichever that is. [R4, R8] */
async function report(addresses: readonly string[], key: string, name: string, run: TestRun, onBatch: () => void) {
  let at = 0;
  for (let batch = 0; batch < batchesEach; batch++) {
    const events = [run.say('metric', { name, value: batch, step: batch })];
    const body = { reporter_id: name, batch, events };
    const send = () => post(`${addresses[at % addresses.length]}/api/ingest`, body, { authorization: `Bearer ${key}` });
    for (let tries = 0; ; tries++) {
      const isStored = await send().then(
        () => true,
        () => false,
      );
      if (isStored) break;
      if (tries > 100) throw new Error('no server responds');
      at += 1;
      await wait(20);
    }
    onBatch();
  }
}

/** A viewer that reconnects to another server when its own is gone; counts each point that it receives. */
class Viewer {
  readonly points = new Map<string, number>();
  readonly resumedWith: string[] = [];
  state: ViewerState | undefined;
  readonly #addresses: readonly string[];
  readonly #query: Record<string, string>;

  constructor(addresses: readonly string[], query: Record<string, string>) {
    this.#addresses = addresses;
    this.#query = query;
  }

  async watchUntil(isDone: (viewer: Viewer) => boolean): Promise<void> {
    for (let at = 0; !isDone(this); at++) {
      const address = this.#addresses[at % this.#addresses.length] as string;
      const { epoch, seq } = this.state ?? {};
      const position: Record<string, string> = epoch ? { epoch, seq: String(seq) } : {};
      const query = new URLSearchParams({ ...this.#query, ...position });
      const socket = await openSocket(`${address.replace('http', 'ws')}/ws/events?${query}`).catch(() => wait(20));
      if (!socket) continue;
      await this.#read(socket, isDone);
      await socket.close();
    }
  }

  async #read(socket: TestSocket, isDone: (viewer: Viewer) => boolean): Promise<void> {
    for (let isFirst = true; !isDone(this); isFirst = false) {
      const message = await Promise.race([socket.next(), socket.closed.then(() => undefined)]);
      if (!message) return;
      if (isFirst) this.resumedWith.push(message.type);
      if (message.type === 'snapshot') this.state = fromSnapshot(message);
      else {
        const after = this.state && applyBatch(this.state, message);
        if (!after || after === 'gap' || message.seq <= (this.state?.seq ?? 0)) throw new Error('a hole, or twice');
        this.state = after;
      }
      const received =
        message.type === 'snapshot'
          ? message.data.metrics
          : message.events.flatMap(({ type, data }) => (type === 'metric' ? [data] : []));
      for (const { name, step } of received) {
        const key = `${name} ${step}`;
        this.points.set(key, (this.points.get(key) ?? 0) + 1);
      }
    }
  }
}

it('[D2] killing a server with -9 loses nothing: its viewers and reporters go on at the other', async () => {
  const [a, b] = (await Promise.all(servers.map(({ url }) => url))) as [string, string];
  const { access_token: token } = await post<{ access_token: string }>(`${a}/api/auth/login`, admin);
  const { key } = await post<{ key: string }>(`${b}/api/keys`, { name: 'x' }, { authorization: `Bearer ${token}` });
  const run = makeRun();
  await post(
    `${a}/api/ingest`,
    { reporter_id: 'first', batch: 0, events: [run.say('run_started', { name: 'x', framework: 'test' })] },
    { authorization: `Bearer ${key}` },
  );

  const all = reporters * batchesEach;
  const viewers = [new Viewer([a, b], { token, run_id: run.id }), new Viewer([b], { token, run_id: run.id })];
  const watching = viewers.map((viewer) => viewer.watchUntil(({ points }) => points.size >= all));
  // Every viewer has its snapshot before the first report, so each point is received exactly once.
  await expect.poll(() => viewers.every(({ state }) => state !== undefined), { timeout: 10_000 }).toBe(true);
  let stored = 0;
  const onBatch = () => {
    stored += 1;
    if (stored === all / 3) servers[0]?.child.kill('SIGKILL');
  };
  await Promise.all(Array.from({ length: reporters }, (_, n) => report([a, b], key, `reporter-${n}`, run, onBatch)));
  await Promise.all(watching);

  expect(await servers[0]?.ended).toMatchObject({ signal: 'SIGKILL' });
  for (const { points } of viewers) expect([...new Set(points.values())]).toEqual([1]);
  expect(viewers.map(({ resumedWith }) => resumedWith)).toEqual([['snapshot', 'batch'], ['snapshot']]);
  const { state } = viewers[0] ?? {};
  expect(state?.seq).toBe(viewers[1]?.state?.seq);
}, 240_000);

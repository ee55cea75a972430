import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { SocketIoJob } from '../generators/socket-io-server.ts';
import type { SocketIoReport, SocketIoViewersJob } from '../generators/socket-io-viewers.ts';
import { messageOf, root, startNode, stopNode } from '../lib/children.ts';
import { Crowd } from '../lib/crowd.ts';
import { type Entry, type Figure, Skipped } from '../lib/figure.ts';
import { freePort } from '../lib/server.ts';
import { cut, measure as measureRondo } from './cuts.ts';

const packages = ['socket.io@4.8.4', 'socket.io-client@4.8.4'];
const perSecond = 2;

/** Socket.IO with and without its recovery beside our socket, under the same cuts. */
export const socketIo: Entry = {
  name: 'socket-io',
  about: 'viewers whose link is cut every 15 s for 2 s: Rondo, Socket.IO, Socket.IO with recovery',
  isOnRequest: true,
  run: async (context) => {
    const folder = installed();
    const shape = { count: context.quick ? 100 : 500, seconds: context.quick ? 30 : 60 };
    const rondo = await Crowd.with((crowd) => measureRondo(context, crowd, shape));
    const figures = [...rondo.map((figure) => ({ ...figure, name: `Rondo, ${figure.name}` }))];
    for (const recovers of [false, true]) {
      context.say(`Socket.IO ${recovers ? 'with' : 'without'} recovery`);
      figures.push(...(await measure(folder, recovers, shape)));
    }
    return figures;
  },
};

interface Shape {
  readonly count: number;
  readonly seconds: number;
}

async function measure(folder: string, recovers: boolean, { count, seconds }: Shape): Promise<Figure[]> {
  const start = (name: string) =>
    startNode([join(import.meta.dirname, `../generators/${name}.ts`)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
  const [server, viewers] = [start('socket-io-server'), start('socket-io-viewers')];
  try {
    const port = await freePort();
    const ready = messageOf(server, 'ready', 30_000);
    server.send({ packages: folder, port, recovers, perSecond, seconds } satisfies SocketIoJob);
    await ready;
    const opened = messageOf(viewers, 'opened', 120_000);
    viewers.send({ packages: folder, url: `http://127.0.0.1:${port}`, count, ...cut } satisfies SocketIoViewersJob);
    await opened;
    const sent = messageOf(server, 'sent', seconds * 2_000);
    server.send('go');
    await sent;
    await wait(6_000);
    const reported = messageOf<SocketIoReport>(viewers, 'report', 30_000);
    viewers.send('report');
    const { delivered, p99, cuts, recovered } = await reported;
    const name = `Socket.IO ${recovers ? 'with' : 'without'} recovery`;
    const note = `${cuts} cuts, ${recovered} recovered`;
    return [
      { name: `${name}: delivered`, value: (100 * delivered) / (perSecond * seconds * count), unit: '%', note },
      { name: `${name}: p99, of what was delivered`, value: p99, unit: 'ms' },
    ];
  } finally {
    await Promise.all([server, viewers].map((child) => stopNode(child, 2_000)));
  }
}

/** Under node_modules/.cache, as the peers of Python are. */
function installed(): string {
  const folder = join(root, 'node_modules/.cache/rondo/peers/socket-io');
  if (existsSync(join(folder, 'node_modules/socket.io-client'))) return folder;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  const { status } = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--silent', ...packages], { cwd: folder });
  if (status !== 0) throw new Skipped(`${packages.join(', ')} cannot be installed`);
  return folder;
}

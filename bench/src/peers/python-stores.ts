import { join } from 'node:path';
import { bytesOf } from './folder.ts';
import { type Opened, type Peer, producers, type Written } from './peer.ts';
import { installed, jsonOf } from './programs.ts';

interface Store {
  readonly kind: 'trackio' | 'sqlite';
  /** None: Python brings it. */
  readonly packages?: readonly string[];
}

/** Stores that are a library: their producers are processes that call it. */
const inProcess = ({ kind, packages }: Store, about: Pick<Peer, 'name' | 'forced'>): Peer => ({
  ...about,
  start: async (folder) => {
    const python = packages ? join(await installed(`peer-${kind}`, packages), 'python') : 'python3';
    const generator = (name: string) => join(import.meta.dirname, `../generators/${name}.py`);
    return {
      write: (seconds) =>
        jsonOf<Written>(python, [generator('peer-writers'), kind, folder, String(seconds), String(producers)]),
      bytes: () => bytesOf(folder),
      openSeries: (points) => jsonOf<Opened>(python, [generator('peer-series'), kind, folder, String(points)]),
      close: async () => {},
    };
  },
});

export const trackio: Peer = inProcess(
  { kind: 'trackio', packages: ['trackio==0.43.0'] },
  { name: 'trackio 0.43', forced: 'nothing: SQLite with synchronous=NORMAL in WAL mode' },
);

/** What a table without a server can take: the upper anchor that is durable. */
export const sqlite: Peer = inProcess(
  { kind: 'sqlite' },
  { name: 'SQLite, WAL, synchronous=FULL', forced: 'the commit of each batch' },
);

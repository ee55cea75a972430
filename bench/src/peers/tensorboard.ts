import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '../lib/server.ts';
import { bytesOf } from './folder.ts';
import { countSpikes, type Peer, producers, type Written } from './peer.ts';
import { installed, jsonOf, startProgram } from './programs.ts';

const packages = ['tensorboard==2.21.0', 'setuptools<81'];
const longestLoadMs = 180_000;

/** TensorBoard has no server that takes values: each producer writes a file, flushed after each batch. */
export const tensorboard: Peer = {
  name: 'TensorBoard 2.21',
  forced: 'nothing: files are flushed, not synced',
  start: async (folder) => {
    const bin = await installed('peer-tensorboard', packages);
    const python = join(bin, 'python');
    const generator = (name: string) => join(import.meta.dirname, `../generators/${name}.py`);
    return {
      write: (seconds) =>
        jsonOf<Written>(python, [generator('peer-writers'), 'tensorboard', folder, String(seconds), String(producers)]),
      bytes: () => bytesOf(folder),
      openSeries: async (points) => {
        const logs = join(folder, 'long');
        await jsonOf(python, [generator('peer-series'), 'tensorboard', logs, String(points)]);
        const port = await freePort();
        const url = `http://127.0.0.1:${port}`;
        const began = performance.now();
        const server = await startProgram(join(bin, 'tensorboard'), ['--logdir', logs, '--port', String(port)], {
          url,
        });
        try {
          const ask = async () => {
            const startedAt = performance.now();
            const answer = await fetch(`${url}/data/plugin/scalars/scalars?run=.&tag=loss`);
            const rows = answer.ok ? ((await answer.json()) as [number, number, number][]) : [];
            return { rows, ms: performance.now() - startedAt };
          };
          let { rows, ms } = await ask();
          // It reads the file from its start; until then a page shows the beginning.
          for (const until = began + longestLoadMs; performance.now() < until; await wait(100)) {
            if ((rows.at(-1)?.[1] ?? 0) >= points - 1) break;
            ({ rows, ms } = await ask());
          }
          const loaded = ((performance.now() - began) / 1_000).toFixed(1);
          const spikes = countSpikes(rows.map(([, , value]) => value));
          return { ms, points: rows.length, spikes, note: `after ${loaded} s in which it read the file` };
        } finally {
          await server.stop();
        }
      },
      close: async () => {},
    };
  },
};

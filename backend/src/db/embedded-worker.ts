import { parentPort, workerData } from 'node:worker_threads';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { openPglite } from './open-pglite.ts';

/** The embedded PostgreSQL: PGlite and its socket server, off the main thread. See `embedded.ts`. */
const { dataDir, socketPath } = workerData as { dataDir: string; socketPath: string };

const database = await openPglite(dataDir);
const server = new PGLiteSocketServer({ db: database, path: socketPath });
await server.start();

parentPort?.once('message', async () => {
  await server.stop();
  await database.close();
  parentPort?.postMessage('closed');
});
parentPort?.postMessage('ready');

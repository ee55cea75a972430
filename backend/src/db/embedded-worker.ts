import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { openPglite } from './open-pglite.ts';
import { PortServer } from './port-server.ts';

/** The embedded PostgreSQL: PGlite and its server, off the main thread. See `embedded.ts`. */
const { dataDir } = workerData as { dataDir: string };

const database = await openPglite(dataDir);
const server = new PortServer(database);

parentPort?.on('message', async (message: MessagePort | 'close') => {
  if (message !== 'close') return void server.serve(message);
  await server.close();
  await database.close();
  parentPort?.postMessage('closed');
});
parentPort?.postMessage('ready');

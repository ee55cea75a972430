import { parentPort, workerData } from 'node:worker_threads';
import { openPglite } from './open-pglite.ts';
import { SocketServer } from './socket-server.ts';

/** The embedded PostgreSQL: PGlite and its socket server, off the main thread. See `embedded.ts`. */
const { dataDir, socketPath } = workerData as { dataDir: string; socketPath: string };

const database = await openPglite(dataDir);
const server = new SocketServer(database);
await server.listen(socketPath);

parentPort?.once('message', async () => {
  await server.close();
  await database.close();
  parentPort?.postMessage('closed');
});
parentPort?.postMessage('ready');

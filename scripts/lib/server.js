import { startChild } from './child.js';

// A young generation of 8 MB instead of 32: 100 MB less resident, and uploads do not add to it.
const lean = '--max-semi-space-size=8';

/**
 * Starts the server and waits until it listens. `ready` resolves with what it says of itself, or with `null` when it ended
 * before that; it has then said why.
 */
export function startServer(nodeArgs, env, serverArgs = []) {
  const server = startChild([lean, ...nodeArgs, 'backend/src/main.ts', '--local', ...serverArgs], {
    env,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ready = new Promise((done) => {
    server.child.on('message', (message) => {
      if (message?.type === 'ready') done(message);
    });
    server.ended.then(() => done(null));
  });
  return { ...server, ready };
}

export function describeEnd({ error, code, signal }) {
  if (error !== null) return error.message;
  return signal === null ? `exit code ${code}` : `killed by ${signal}`;
}

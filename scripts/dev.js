import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { onStopSignals, stopChild } from './lib/child.js';
import { ensureInstalled } from './lib/install.js';
import { requireNode, root, withBinOnPath } from './lib/paths.js';
import { startServer } from './lib/server.js';

const page = 'http://127.0.0.1:5173';

requireNode();
await ensureInstalled();

// vite.config.ts passes /api and /ws on to this address.
const server = startServer(['--watch', '--watch-preserve-output'], {
  ...process.env,
  HOST: '127.0.0.1',
  PORT: '8000',
  ALLOWED_ORIGINS: [process.env.ALLOWED_ORIGINS, page, 'http://localhost:5173'].filter(Boolean).join(','),
});
const vite = spawn('vite', ['--host', '127.0.0.1', '--port', '5173', '--strictPort'], {
  cwd: join(root, 'frontend'),
  env: withBinOnPath(),
  stdio: 'inherit',
});
vite.on('exit', () => stop());

let isStopping = false;
onStopSignals(stop, () => {
  server.child.kill('SIGKILL');
  process.exit(1);
});

const ready = await server.ready;
if (ready !== null) {
  const { sign_in_link, url } = ready;
  console.log(`\n  Pages     ${page}`);
  if (sign_in_link) console.log(`  Sign in   ${sign_in_link.replace(url, page)}  (works once)`);
  console.log('  Both reload by themselves; npm run demo gives them something to show.\n');
}
await server.ended;
await stop();

async function stop() {
  if (isStopping) return;
  isStopping = true;
  vite.kill('SIGTERM');
  await stopChild(server, 10_000);
  process.exit(0);
}

import { parseArgs } from 'node:util';
import { banner } from './lib/banner.js';
import { ensureBuilt } from './lib/build.js';
import { onStopSignals, stopChild } from './lib/child.js';
import { demoLog, findDemo, startDemo } from './lib/demo.js';
import { ensureInstalled } from './lib/install.js';
import { requireNode } from './lib/paths.js';
import { describeEnd, startServer } from './lib/server.js';

// The server closes its viewers and finishes what it is writing.
const drainMs = 10_000;

requireNode();
const { values: options } = parseArgs({ options: { 'no-demo': { type: 'boolean', default: false } } });
await ensureInstalled();
await ensureBuilt().catch((error) => {
  console.error(`\n${error.message}`);
  process.exit(1);
});

const server = startServer([], process.env, options['no-demo'] ? ['--no-demo'] : []);
let demo = null;
let isStopping = false;
onStopSignals(stop, () => {
  server.child.kill('SIGKILL');
  process.exit(1);
});

const ready = await server.ready;
if (ready === null && !isStopping) {
  console.error(`\nThe server did not start (${describeEnd(await server.ended)}). Its output is above.`);
  process.exit(1);
}
if (ready !== null && !isStopping) {
  console.log(banner(ready));
  demo = chooseDemo(ready);
}

const end = await server.ended;
if (!isStopping) {
  demo?.leave();
  console.error(`\nThe server ended by itself (${describeEnd(end)}). npm start brings it back.`);
  if (demo) console.error('The demo federation goes on and will reconnect by itself.');
  process.exit(1);
}

/** Stops the demo first, so that it can still report the end of its run to the server. */
async function stop() {
  isStopping = true;
  console.log('\n  Stopping…');
  await demo?.stop();
  await stopChild(server, drainMs);
  console.log('  Stopped. npm start brings everything back.');
  process.exit(0);
}

function chooseDemo({ url, runs }) {
  if (options['no-demo']) return null;
  const running = findDemo();
  if (running) {
    console.log('  The demo federation was still running and reconnects by itself.\n');
    return running;
  }
  if (runs > 0) {
    console.log('  npm run demo, in another terminal, starts a demo run.\n');
    return null;
  }
  const started = startDemo(url);
  console.log(`  demo federation started (50 clients), log in ${demoLog}\n`);
  return started;
}

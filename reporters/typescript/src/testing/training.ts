// A training script for the tests that end processes. Arguments: url, spool, first step, seconds, ending.
import { writeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { createReporter } from '../index.ts';

const [url = '', spoolDir = '', first = '0', seconds = '0', ending = 'forget'] = process.argv.slice(2);
const reporter = createReporter({
  name: 'kill',
  run_id: 'run-1',
  url,
  apiKey: 'key-for-tests',
  spoolDir,
  onProblem: () => {},
});
const end = performance.now() + Number(seconds) * 1_000;
for (let step = Number(first); performance.now() < end; step++) {
  reporter.metric('loss', step / 7, { step });
  if (step % 10 === 0) reporter.clientLeft({ client_id: `c${step}` });
  // Reports and their times: the test that kills this process knows what must have arrived.
  writeSync(1, `${step} ${process.hrtime.bigint()}\n`);
  await wait(1);
}
if (ending === 'exit') process.exit(0);
if (ending === 'throw') throw new Error('no data');
if (ending === 'close') writeSync(1, `${JSON.stringify(await reporter.close())}\n`);

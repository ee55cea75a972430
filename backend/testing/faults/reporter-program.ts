// An FL server for the fault that kills it. Arguments: url, key, folder of spools, run, first step, error of the clock.
import { writeSync } from 'node:fs';
import { createReporter } from '@rondo/reporter';
import { factsOf } from './workload.ts';

const [url = '', apiKey = '', spoolDir = '', run_id = '', first = '0', offsetMs = '0'] = process.argv.slice(2);
const clock = {
  now: () => Date.now() + Number(offsetMs),
  schedule: (run: () => void, ms: number) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
const reporter = createReporter({ url, apiKey, spoolDir, run_id, name: run_id, onProblem: () => {}, clock });
const stepMs = 10;

let acknowledged = 0;
let step = Number(first);
setInterval(() => {
  for (const fact of factsOf(step)) reporter.report(fact);
  // Reports and their times, and what is acknowledged: who kills this process knows what must be there.
  const now = reporter.stats().acknowledged;
  writeSync(1, `said ${step} ${process.hrtime.bigint()}\n${now > acknowledged ? `has ${now}\n` : ''}`);
  acknowledged = now;
  step += 1;
}, stepMs);

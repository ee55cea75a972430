import { parseArgs } from 'node:util';
import { faults } from './faults.ts';
import { NotPossible } from './report.ts';

/** `npm run test:faults`: each fault at seeded moments, and what was acknowledged, lost and doubled. */

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    seed: { type: 'string', default: '1' },
    // Overrides the number of times that each fault is injected.
    count: { type: 'string' },
    cuts: { type: 'string' },
  },
});
const seed = Number(options.seed);
const given = options.count ?? options.cuts;
const count = given === undefined ? undefined : Number(given);
const chosen = options.only?.split(',') ?? Object.keys(faults);
const unknown = chosen.filter((name) => !Object.hasOwn(faults, name));
if (unknown.length > 0 || !Number.isInteger(seed) || (count !== undefined && !(count >= 1))) {
  console.error(
    `usage: npm run test:faults -- [--only ${Object.keys(faults).join(',')}] [--seed NUMBER] [--count NUMBER]`,
  );
  process.exit(1);
}

let isFine = true;
for (const name of chosen) {
  const fault = faults[name];
  if (!fault) continue;
  const started = performance.now();
  console.log(`\n── ${name}: ${count ?? fault.count} times, seed ${seed}`);
  try {
    const report = await fault.run({ seed, count: count ?? fault.count, say: (text) => console.log(`   ${text}`) });
    for (const line of [...(report.notes ?? []), ...report.troubles]) console.log(`   ${line}`);
    const seconds = Math.round((performance.now() - started) / 1_000);
    const { injected, acknowledged, lost, doubled } = report;
    console.log(
      `${name}: ${injected} faults injected, ${acknowledged} events acknowledged, ${lost} lost, ${doubled} doubled (${seconds} s)`,
    );
    isFine = isFine && lost === 0 && doubled === 0 && report.troubles.length === 0;
  } catch (error) {
    console.log(`${name}: NOT RUN: ${error instanceof NotPossible ? error.message : (error as Error).stack}`);
    isFine = isFine && error instanceof NotPossible;
  }
}
process.exit(isFine ? 0 : 1);

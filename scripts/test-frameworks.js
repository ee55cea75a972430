import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { npmPackage } from './frameworks/npm-package.js';
import { pythonParts } from './frameworks/python.js';
import { schemathesis } from './frameworks/schemathesis.js';
import { troubleLines } from './lib/count.js';
import { ensureInstalled } from './lib/install.js';
import { requireNode } from './lib/paths.js';
import { Unavailable } from './lib/venv.js';

/**
 * Programs from PyPI against the running dashboard. A part has a `name`, and `run()` that returns
 * `{ passed, failed, names }` or throws `Unavailable` where Python or PyPI is missing.
 */
const parts = [npmPackage, ...pythonParts, schemathesis];

requireNode();
const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    // Missing Python or PyPI is reported and does not count as a failure.
    'if-available': { type: 'boolean', default: false },
    // The counts and failures of `npm test`, for the last lines.
    totals: { type: 'string' },
  },
});
const chosen = parts.filter(({ name }) => options.only === undefined || name === options.only);
if (chosen.length === 0) {
  console.error(`--only must be one of ${parts.map(({ name }) => name).join(', ')}`);
  process.exit(1);
}
await ensureInstalled();

const before = options.totals && existsSync(options.totals) ? readFileSync(options.totals, 'utf8') : '';
const { troubles, ...total } =
  before === '' ? { passed: 0, failed: 0, troubles: [] } : { troubles: [], ...JSON.parse(before) };
for (const part of chosen) {
  console.log(`\n── ${part.name}`);
  const { passed, failed, lines } = await countOf(part);
  total.passed += passed;
  total.failed += failed;
  troubles.push(...lines);
}
console.log(['', ...troubles, `${total.passed} passed, ${total.failed} failed`].join('\n'));
process.exit(total.failed > 0 ? 1 : 0);

async function countOf({ name, run }) {
  try {
    const count = await run();
    return { ...count, lines: troubleLines(name, { names: [], flaky: [], ...count }) };
  } catch (error) {
    if (error instanceof Unavailable) {
      const missing = `!!! ${name} WAS NOT RUN: ${error.message} !!!`;
      console.error(`\n${'!'.repeat(missing.length)}\n${missing}\n${'!'.repeat(missing.length)}`);
      return { passed: 0, failed: options['if-available'] ? 0 : 1, lines: [missing] };
    }
    console.error(error);
    return { passed: 0, failed: 1, lines: [`${name}: ${error.message}`] };
  }
}

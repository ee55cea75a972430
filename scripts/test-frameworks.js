import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { pythonParts } from './frameworks/python.js';
import { schemathesis } from './frameworks/schemathesis.js';
import { ensureInstalled } from './lib/install.js';
import { requireNode } from './lib/paths.js';
import { Unavailable } from './lib/venv.js';

/**
 * Programs from PyPI against the running dashboard. A part has a `name`, and `run()` that answers
 * `{ passed, failed }` or throws `Unavailable` where Python or PyPI is missing.
 */
const parts = [...pythonParts, schemathesis];

requireNode();
const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    // Missing Python or PyPI is told, and is no failure.
    'if-available': { type: 'boolean', default: false },
    // What `npm test` counted before, to be added to the last line.
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
const total = before === '' ? { passed: 0, failed: 0 } : JSON.parse(before);
const troubles = [];
for (const part of chosen) {
  console.log(`\n── ${part.name}`);
  const { passed, failed, trouble } = await countOf(part);
  total.passed += passed;
  total.failed += failed;
  if (trouble) troubles.push(trouble);
}
console.log(['', ...troubles, `${total.passed} passed, ${total.failed} failed`].join('\n'));
process.exit(total.failed > 0 ? 1 : 0);

async function countOf({ name, run }) {
  try {
    const count = await run();
    return { ...count, trouble: count.failed > 0 ? `${name}: ${count.failed} failed` : undefined };
  } catch (error) {
    if (error instanceof Unavailable) {
      const missing = `!!! ${name} WAS NOT RUN: ${error.message} !!!`;
      console.error(`\n${'!'.repeat(missing.length)}\n${missing}\n${'!'.repeat(missing.length)}`);
      return { passed: 0, failed: options['if-available'] ? 0 : 1, trouble: missing };
    }
    console.error(error);
    return { passed: 0, failed: 1, trouble: `${name}: ${error.message}` };
  }
}

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt } from './lib/build.js';
import { countPlaywright, countPython, countVitest, troubleLines } from './lib/count.js';
import { ensureInstalled } from './lib/install.js';
import { requireNode, root, withBinOnPath } from './lib/paths.js';
import { findPython } from './lib/python.js';

requireNode();
// `--totals` is a file for the counts and the failures, so that a caller with more tests can end with the sum.
const { values: options } = parseArgs({ options: { only: { type: 'string' }, totals: { type: 'string' } } });
const kinds = ['check', 'unit', 'e2e'];
if (options.only !== undefined && !kinds.includes(options.only)) {
  console.error(`--only must be one of ${kinds.join(', ')}`);
  process.exit(1);
}
await ensureInstalled();

const reports = mkdtempSync(join(tmpdir(), 'rondo-test-'));
const vitestReport = join(reports, 'vitest.json');
const playwrightReport = join(reports, 'playwright.json');
const pythonReport = join(reports, 'python.json');
const python = findPython();
// A shared machine may stall a test for seconds. The summary names tests that passed only on the second try.
const retries = process.env.CI ? 1 : 0;

const check = (title, script) => ({ kind: 'check', title, command: 'npm', args: ['run', '--silent', script] });
const steps = [
  check('types', 'check:types'),
  check('lint', 'check:lint'),
  check('import rules', 'check:imports'),
  check('unused code', 'check:unused'),
  check('Dockerfile and compose.yaml', 'check:deploy'),
  {
    kind: 'unit',
    title: 'unit and integration tests',
    command: 'vitest',
    args: ['run', `--retry=${retries}`, '--reporter=default', '--reporter=json', `--outputFile.json=${vitestReport}`],
    count: () => countVitest(vitestReport),
  },
  {
    kind: 'unit',
    title: 'the Python reporter, standard library only',
    missing: python === null && 'there is no Python 3.10 or newer on the path: the Python reporter is NOT tested',
    command: python,
    args: ['-m', 'tests', '--retry', String(retries), '--json', pythonReport],
    cwd: join(root, 'reporters/python'),
    env: { PYTHONPATH: 'src', PYTHONDONTWRITEBYTECODE: '1' },
    count: () => countPython(pythonReport),
  },
  { kind: 'e2e', title: 'frontend build', task: ensureBuilt },
  { ...check('size of the first load', 'check:size'), kind: 'e2e' },
  {
    kind: 'e2e',
    title: 'end-to-end tests in a browser',
    command: 'playwright',
    args: ['test', '--config', 'e2e/playwright.config.ts', `--retries=${retries}`, '--reporter=list,json'],
    env: { PLAYWRIGHT_JSON_OUTPUT_FILE: playwrightReport },
    count: () => countPlaywright(playwrightReport),
  },
].filter(({ kind }) => options.only === undefined || kind === options.only);

// Settings of a dashboard that runs on this machine must not reach the tests.
const ownSettings = /^(RONDO_.*|DATABASE_URL|DATA_DIR|HOST|PORT|SECRET_KEY|ALLOWED_ORIGINS|ADMIN_.*|LOG_LEVEL)$/;
const env = Object.fromEntries(Object.entries(withBinOnPath()).filter(([name]) => !ownSettings.test(name)));

const total = { passed: 0, failed: 0 };
const troubles = [];
for (const step of steps) {
  console.log(`\n── ${step.title}`);
  if (step.missing) {
    console.log(step.missing);
    troubles.push(`NOT RUN: ${step.title}: ${step.missing}`);
    continue;
  }
  const isFine = await (step.task ? runTask(step.task) : run(step));
  const count = { names: [], flaky: [], ...(step.count?.() ?? { passed: isFine ? 1 : 0, failed: 0 }) };
  // A step that broke off says so with its exit code only.
  if (!isFine && count.failed === 0) count.failed = 1;
  troubles.push(...troubleLines(step.title, count));
  total.passed += count.passed;
  total.failed += count.failed;
}
rmSync(reports, { recursive: true, force: true });

if (options.totals) writeFileSync(options.totals, JSON.stringify({ ...total, troubles }));
console.log(['', ...troubles, `${total.passed} passed, ${total.failed} failed`].join('\n'));
process.exit(total.failed > 0 ? 1 : 0);

function runTask(task) {
  return task().then(
    () => true,
    (error) => {
      console.error(error.message);
      return false;
    },
  );
}

function run({ command, args, cwd = root, env: more }) {
  return new Promise((done) => {
    const child = spawn(command, args, { cwd, env: { ...env, ...more }, stdio: 'inherit' });
    child.on('error', (error) => {
      console.error(error.message);
      done(false);
    });
    child.on('close', (code) => done(code === 0));
  });
}

import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const cruiser = join(root, 'node_modules/.bin/depcruise');

interface Cruise {
  readonly summary: { readonly totalCruised: number; readonly violations: readonly { rule: { name: string } }[] };
}

async function cruise(...paths: readonly string[]): Promise<Cruise['summary']> {
  const args = ['--config', '.dependency-cruiser.cjs', '--output-type', 'json', ...paths];
  const run = promisify(execFile)(cruiser, args, { cwd: root, maxBuffer: 64 * 1024 * 1024 });
  // A refusal is an exit code other than 0; what is refused is in the output all the same.
  const { stdout } = await run.catch((error: { stdout?: string }) => ({ stdout: error.stdout ?? '' }));
  return (JSON.parse(stdout) as Cruise).summary;
}

/** The names of the rules that a file at this place breaks when it has this import. */
async function refusals(path: string, imported: string): Promise<string[]> {
  const planted = join(root, path);
  const made = mkdirSync(dirname(planted), { recursive: true });
  try {
    writeFileSync(planted, `import '${imported}';\n`);
    const { violations } = await cruise(path);
    return violations.map(({ rule }) => rule.name);
  } finally {
    rmSync(planted, { force: true });
    if (made !== undefined) rmSync(made, { recursive: true, force: true });
  }
}

it('sees the whole tree: a cruise of no modules would pass every rule', async () => {
  const { totalCruised, violations } = await cruise('protocol', 'backend', 'frontend', 'reporters', 'demo');
  expect(totalCruised).toBeGreaterThan(100);
  expect(violations).toEqual([]);
});

it.each([
  ['protocol imports no other package', 'protocol/src/planted.ts', '../../reporters/typescript/src/index.ts'],
  ['protocol runs anywhere', 'protocol/src/planted.ts', 'node:fs'],
  ['the frontend never imports the backend', 'frontend/src/lib/planted.ts', '../../../backend/src/errors.ts'],
  ['the backend never imports the frontend', 'backend/src/db/planted.ts', '../../../frontend/src/lib/format.ts'],
  ['a reporter imports only the protocol', 'reporters/typescript/src/planted.ts', '../../../demo/src/clock.ts'],
  ['the demo uses the public reporter', 'demo/src/planted.ts', '../../reporters/typescript/src/queue.ts'],
  ['components never import the store', 'frontend/src/components/Planted/planted.ts', '../../store/fl-store.ts'],
  ['components never fetch', 'frontend/src/components/Planted/planted.ts', '../../api/client.ts'],
  [
    "components leave another component's inside alone",
    'frontend/src/components/Planted/planted.ts',
    '../RoundMonitor/RoundTimes.tsx',
  ],
  ['charts do not depend on FL', 'frontend/src/charts/planted.ts', '@rondo/protocol'],
  ['pages own nothing', 'frontend/src/pages/planted.ts', '../store/fl-store.ts'],
  ['live knows no React', 'frontend/src/live/planted.ts', 'react'],
  ['a router never reaches the socket', 'backend/src/routers/planted.ts', '../websocket/planted.ts'],
  ['a router never writes SQL', 'backend/src/routers/planted.ts', 'drizzle-orm'],
])('%s', async (_, path, imported) => {
  expect(await refusals(path, imported)).toContain('not-in-allowed');
});

it('allows what the tree is built on', async () => {
  expect(await refusals('frontend/src/components/Planted/planted.ts', '../../hooks/useFLData.ts')).toEqual([]);
  expect(await refusals('backend/src/routers/planted.ts', '@rondo/protocol')).toEqual([]);
});

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled } from './lib/install.js';
import { node24, requireNode, root, withBinOnPath } from './lib/paths.js';

/** Honest federations and attacks, many more as in `npm test`: false marks and what is found, as tables. */
requireNode();
await ensureInstalled();
const tests = ['watch.simulation', 'convergence', 'participation'].map((name) => `backend/src/insight/${name}.test.ts`);
const { status } = spawnSync(
  node24(),
  [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--project', 'node', ...tests],
  {
    cwd: root,
    env: { ...withBinOnPath(), RONDO_LONG_SIMULATIONS: '1' },
    stdio: 'inherit',
  },
);
process.exit(status ?? 1);

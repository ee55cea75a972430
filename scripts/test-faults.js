import { spawnSync } from 'node:child_process';
import { ensureInstalled } from './lib/install.js';
import { node24, requireNode, root, withBinOnPath } from './lib/paths.js';

/** Faults at seeded moments: `--only power-cut`, `--seed 1`, `--cuts 500`. The options are explained by what runs them. */
requireNode();
await ensureInstalled();
const { status } = spawnSync(node24(), ['backend/testing/faults/main.ts', ...process.argv.slice(2)], {
  cwd: root,
  env: withBinOnPath(),
  stdio: 'inherit',
});
process.exit(status ?? 1);

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, withoutBinOnPath } from '../lib/paths.js';

const program = `
import { createReporter } from '@rondo/reporter';
import { createServer } from 'node:http';
const server = createServer((request, response) => {
  request.resume().on('end', () => response.end('{"accepted":0,"duplicates":0,"rejected":[],"commands":[]}'));
}).listen(0, '127.0.0.1', async () => {
  const url = 'http://127.0.0.1:' + server.address().port;
  const reporter = createReporter({ name: 'packed', url, apiKey: 'k', spoolDir: 'spool' });
  reporter.roundStarted({ round: 1, client_ids: ['a'] });
  reporter.runComplete({ status: 'complete' });
  const { acknowledged } = await reporter.close({ timeoutMs: 60_000 });
  server.closeAllConnections();
  server.close();
  process.exitCode = acknowledged === 3 ? 0 : 1;
});
`;

/** What would be published: packed, installed into an empty folder, and used by a Node that strips no types. */
export const npmPackage = {
  name: 'npm-package',
  run: () => {
    const folder = mkdtempSync(join(tmpdir(), 'rondo-npm-'));
    const run = (command, args, cwd = folder) =>
      spawnSync(command, args, { cwd, stdio: 'inherit', env: withoutBinOnPath(), timeout: 600_000 }).status === 0;
    const pack = ['pack', '--silent', '--workspace', '@rondo/reporter', '--pack-destination', folder];
    const isPacked = run('npm', pack, root);
    const [tarball = ''] = readdirSync(folder);
    writeFileSync(join(folder, 'package.json'), '{"private":true}');
    writeFileSync(join(folder, 'use.mjs'), program);
    const isInstalled = isPacked && run('npm', ['install', '--no-audit', '--no-fund', '--silent', `./${tarball}`]);
    // Node 20 has no such flag, and strips none.
    const flags = process.features.typescript === undefined ? [] : ['--no-experimental-strip-types'];
    const checks = [isPacked, isInstalled, isInstalled && run(process.execPath, [...flags, 'use.mjs'])];
    rmSync(folder, { recursive: true, force: true });
    const passed = checks.filter(Boolean).length;
    return { passed, failed: checks.length - passed };
  },
};

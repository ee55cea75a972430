import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withDashboard } from '../lib/dashboard.js';
import { ensureVenv } from '../lib/venv.js';

// The operations of an API key; all others are for users.
const ofReporters = ['ingest', 'saveModel', 'createUpload', 'getUpload', 'appendToUpload', 'cancelUpload'];
// These end the very session that asks; `backend/src/api.fuzz.test.ts` asks them.
const endsSessions = ['endSession', 'endUserSessions', 'editUser', 'deleteUser', 'logout', 'changePassword'];
const longestMs = 300_000;
// The same requests in every run; `SCHEMATHESIS_SEED=…` looks at others.
const seed = process.env.SCHEMATHESIS_SEED ?? '20261130';

/** Schemathesis walks the OpenAPI document of a running server with valid and invalid requests. */
export const schemathesis = {
  name: 'schemathesis',
  run: () => {
    const bin = ensureVenv('schemathesis', ['schemathesis==4.32.0']);
    return withDashboard(async ({ url, token, apiKey }) => {
      const people = [...ofReporters, ...endsSessions].flatMap((id) => ['--exclude-operation-id', id]);
      const reporters = ofReporters.flatMap((id) => ['--include-operation-id', id]);
      const isFine = [await walk(bin, url, token, people), await walk(bin, url, apiKey, reporters)];
      const passed = isFine.filter(Boolean).length;
      return { passed, failed: isFine.length - passed };
    });
  },
};

function walk(bin, url, token, operations) {
  const folder = mkdtempSync(join(tmpdir(), 'rondo-schemathesis-'));
  const args = [
    ...['run', `${url}/openapi.json`, '--header', `Authorization: Bearer ${token}`, ...operations],
    ...['--phases', 'examples,coverage,fuzzing', '--max-examples', '15', '--request-timeout', '20', '--seed', seed],
    // A method that an address does not have is 404 here, like an address that does not exist. And a JSON schema cannot
    // say all that is asked of a value: a moment that exists, a cursor of this server, a path on it.
    ...['--exclude-checks', 'unsupported_method,positive_data_acceptance'],
    ...['--warnings', 'off', '--continue-on-failure'],
  ];
  return new Promise((done) => {
    const child = spawn(join(bin, 'schemathesis'), args, { cwd: folder, stdio: 'inherit', timeout: longestMs });
    child.on('error', (error) => {
      console.error(error.message);
      done(false);
    });
    child.on('close', (code) => {
      rmSync(folder, { recursive: true, force: true });
      done(code === 0);
    });
  });
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopChild } from './child.js';
import { withBinOnPath } from './paths.js';
import { startServer } from './server.js';

const admin = { username: 'admin', password: 'correct horse battery staple' };

/** A server with a folder and a port of its own, an admin's token and an API key for one piece of work. */
export async function withDashboard(work) {
  const dataDir = mkdtempSync(join(tmpdir(), 'rondo-frameworks-'));
  const server = startServer([], {
    ...withBinOnPath(),
    HOST: '127.0.0.1',
    PORT: '0',
    DATA_DIR: dataDir,
    DATABASE_URL: '',
    ADMIN_USERNAME: admin.username,
    ADMIN_PASSWORD: admin.password,
    LOG_LEVEL: 'error',
  });
  try {
    const ready = await server.ready;
    if (ready === null) throw new Error('the dashboard did not start');
    const { access_token } = await post(`${ready.url}/api/auth/login`, admin);
    const { key } = await post(`${ready.url}/api/keys`, { name: 'frameworks' }, access_token);
    return await work({ url: ready.url, token: access_token, apiKey: key });
  } finally {
    await stopChild(server, 15_000);
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function post(url, body, token) {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

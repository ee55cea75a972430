import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { createHttp } from './http.ts';

afterEach(() => vi.unstubAllEnvs());

/** Accepts every request, and returns its description. */
async function listen() {
  const asked: string[] = [];
  const proxyKeys: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    proxyKeys.push(request.headers['proxy-authorization']);
    response.end('{}');
  }).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return { asked, proxyKeys, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const get = (url: string) =>
  createHttp(url)({ method: 'GET', path: '/x', headers: {}, signal: AbortSignal.timeout(5_000) });

it('goes through the proxy that the environment names, but not to this machine', async () => {
  const [proxy, server] = [await listen(), await listen()];
  vi.stubEnv('HTTP_PROXY', proxy.url);
  await get('http://rondo.example:8000');
  await get(server.url);
  expect([proxy.asked, server.asked]).toEqual([['http://rondo.example:8000/x'], ['/x']]);
});

it('[R1] does not throw when the proxy is misspelt', async () => {
  vi.stubEnv('HTTP_PROXY', 'http://[');
  await expect(get('http://rondo.example:8000')).rejects.toThrow();
});

it('[R16] a proxy for http receives its password, and a misspelt one does not show it', async () => {
  const proxy = await listen();
  vi.stubEnv('HTTP_PROXY', proxy.url.replace('http://', 'http://me:p%40ss@'));
  await get('http://rondo.example:8000/rondo/');
  expect(proxy.asked).toEqual(['http://rondo.example:8000/rondo/x']);
  expect(proxy.proxyKeys).toEqual([`Basic ${Buffer.from('me:p@ss').toString('base64')}`]);
  vi.stubEnv('HTTP_PROXY', 'http://me:hunter2@proxy:80a80');
  const failed = await get('http://rondo.example:8000').catch((error: Error) => error);
  expect(String(failed)).toContain('check its port');
  expect(String(failed)).not.toContain('hunter2');
});

import { get } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { BrowserContext } from '@playwright/test';
import { createReporter } from '@rondo/reporter';
import { signIn, withBrowser } from '../lib/browser.ts';
import { atMost, type Entry, type Figure } from '../lib/figure.ts';
import { withServer } from '../lib/server.ts';
import { drained } from '../lib/ticks.ts';

/** The transfer of a first visit: every script that the browser requests, as gzip. */
export const firstLoad: Entry = {
  name: 'first-load',
  about: 'JavaScript of the sign-in page and of the live page, gzipped',
  run: () =>
    withServer({}, (server, rest) =>
      withBrowser(async (browser) => {
        const stranger = await browser.newContext();
        const login = await measure(stranger, `${server.url}/login`, 'login-form');
        const reporter = createReporter({ url: server.url, apiKey: await rest.createKey('bench'), name: 'first-load' });
        reporter.roundStarted({ round: 1, client_ids: ['a', 'b'] });
        reporter.roundComplete({ round: 1, global_loss: 0.5 });
        await drained(reporter);
        const member = await browser.newContext();
        await signIn(member, server.url);
        const live = await measure(member, server.url, 'metrics-chart');
        await reporter.close();
        return [figure('sign-in page', login), figure('live page', live)];
      }),
    ),
};

interface Load {
  readonly files: number;
  readonly bytes: number;
  /** The bytes sent to this browser, in the encoding that it chose. */
  readonly transferred: number;
}

const figure = (page: string, { files, bytes, transferred }: Load): Figure => ({
  name: page,
  value: bytes / 1_024,
  unit: 'KiB gzip',
  target: atMost(200),
  note: `${files} files; to this browser ${(transferred / 1_024).toFixed(1)} KiB`,
});

async function measure(context: BrowserContext, url: string, testId: string): Promise<Load> {
  const page = await context.newPage();
  const scripts = new Map<string, Promise<number>>();
  page.on('requestfinished', (request) => {
    if (request.resourceType() !== 'script') return;
    scripts.set(
      request.url(),
      request.sizes().then(({ responseBodySize }) => responseBodySize),
    );
  });
  await page.goto(url);
  await page.getByTestId(testId).waitFor();
  await page.waitForLoadState('networkidle', { timeout: 5_000 }).catch(() => {}); // The live socket never falls idle.
  const transferred = (await Promise.all(scripts.values())).reduce((sum, size) => sum + size, 0);
  const sizes = await Promise.all([...scripts.keys()].map(gzipSizeOf));
  return { files: scripts.size, bytes: sizes.reduce((sum, size) => sum + size, 0), transferred };
}

/** As the server sends it to who takes only gzip; what it sends as it is, is gzipped here. */
function gzipSizeOf(url: string): Promise<number> {
  return new Promise((done, failed) => {
    get(url, { headers: { 'accept-encoding': 'gzip' } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', failed);
      response.on('end', () => {
        const body = Buffer.concat(chunks);
        done(response.headers['content-encoding'] === 'gzip' ? body.length : gzipSync(body).length);
      });
    }).on('error', failed);
  });
}

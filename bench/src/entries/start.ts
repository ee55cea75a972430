import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withBrowser } from '../lib/browser.ts';
import { startNode, stopNode } from '../lib/children.ts';
import { atMost, type Entry } from '../lib/figure.ts';
import { freePort } from '../lib/server.ts';

const linkMs = 60_000;
const roundMs = 60_000;

/** A new user's waiting time after the installation; the browser is open already, as theirs is. */
export const start: Entry = {
  name: 'start',
  about: 'npm start on an installed tree, to the first completed round in the page',
  run: () =>
    withBrowser(async (browser) => {
      const page = await browser.newPage();
      const dataDir = await mkdtemp(join(tmpdir(), 'rondo-bench-start-'));
      const port = await freePort();
      const startedAt = performance.now();
      const child = startNode(['scripts/start.js'], {
        env: { ...process.env, DATA_DIR: dataDir, PORT: String(port), HOST: '127.0.0.1', DATABASE_URL: '' },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      try {
        const link = await linkOf(child);
        const linkAt = performance.now();
        await page.goto(link);
        await page.locator('[data-testid="metrics-chart"][data-last-round]').waitFor({ timeout: roundMs });
        const seconds = (performance.now() - startedAt) / 1_000;
        const note = `the link after ${((linkAt - startedAt) / 1_000).toFixed(1)} s`;
        return [{ name: 'start to first round shown', value: seconds, unit: 's', target: atMost(20), note }];
      } finally {
        // It ends its demo and its server first.
        await stopNode(child, 20_000);
        await rm(dataDir, { recursive: true, force: true });
      }
    }),
};

function linkOf(child: ChildProcess): Promise<string> {
  return new Promise((done, failed) => {
    let output = '';
    const timer = setTimeout(() => failed(new Error(`no sign-in link within ${linkMs} ms:\n${output}`)), linkMs);
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk;
      const link = /http:\S+\/sign-in#token=\S+/.exec(output)?.[0];
      if (!link) return;
      clearTimeout(timer);
      done(link);
    });
    child.once('exit', () => {
      clearTimeout(timer);
      failed(new Error(`npm start ended:\n${output}`));
    });
  });
}

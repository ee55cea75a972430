import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContext, chromium } from '@playwright/test';
import { Skipped } from './figure.ts';
import { admin } from './server.ts';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
// As in the end-to-end tests: root has no sandbox, and the browser's own errands are not measured.
const args = ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** A headless Chromium for one piece of work. */
export async function withBrowser<T>(work: (browser: Browser) => Promise<T>): Promise<T> {
  const folders = (process.env.PATH ?? '').split(delimiter).concat('/usr/bin');
  const executablePath = names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
  if (!executablePath) throw new Skipped('skipped: no Chromium on the PATH');
  const browser = await chromium.launch({ executablePath, args });
  try {
    return await work(browser);
  } finally {
    await browser.close();
  }
}

/** Signs pages in without their form: the refresh cookie is all that the app needs. */
export async function signIn(context: BrowserContext, url: string): Promise<void> {
  const answer = await context.request.post(`${url}/api/auth/login`, { data: admin });
  if (!answer.ok()) throw new Error(`signing in: ${answer.status()} ${await answer.text()}`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

import { type Browser, type BrowserContext, chromium } from '@playwright/test';
import { findChromium } from '../../../e2e/src/chromium.ts';
import { admin } from './server.ts';

/** A headless Chromium for one piece of work. */
export async function withBrowser<T>(work: (browser: Browser) => Promise<T>): Promise<T> {
  const browser = await chromium.launch(await findChromium());
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

import { test as base, expect, type Page } from '@playwright/test';
import { createReporter, type Reporter, type ReporterOptions } from '@rondo/reporter';
import { Rest } from './rest.ts';
import { admin, TestServer } from './server.ts';

export { expect };

type MakeReporter = (options?: Partial<ReporterOptions>) => Reporter;

interface Fixtures {
  /** A page that is signed in; nothing is opened yet. */
  readonly signedIn: Page;
  readonly makeReporter: MakeReporter;
  /** For tests that kill it. */
  readonly ownServer: TestServer;
  readonly logOfFailure: undefined;
  readonly obeysPolicy: undefined;
}

interface Shared {
  readonly server: TestServer;
  readonly rest: Rest;
  readonly apiKey: string;
}

// Playwright wants the first argument destructured, also where a fixture needs no other.
export const test = base.extend<Fixtures, Shared>({
  server: [
    // biome-ignore lint/correctness/noEmptyPattern: see above.
    async ({}, use) => {
      const server = await TestServer.start();
      await use(server);
      await server.stop();
    },
    { scope: 'worker', timeout: 180_000 },
  ],
  rest: [async ({ server }, use) => use(await Rest.signIn(server)), { scope: 'worker' }],
  apiKey: [async ({ rest }, use) => use(await rest.createKey('e2e')), { scope: 'worker' }],
  // biome-ignore lint/correctness/noEmptyPattern: see above.
  ownServer: async ({}, use) => {
    const server = await TestServer.start();
    await use(server);
    await server.stop();
  },
  logOfFailure: [
    async ({ server }, use, info) => {
      await use(undefined);
      if (info.status !== info.expectedStatus) await info.attach('server.log', { body: server.log });
    },
    { auto: true },
  ],
  // No page does what its content security policy forbids. [L7]
  obeysPolicy: [
    async ({ context }, use) => {
      const broken: string[] = [];
      context.on('console', (message) => {
        if (/content security policy/i.test(message.text())) broken.push(message.text());
      });
      await use(undefined);
      expect(broken).toEqual([]);
    },
    { auto: true },
  ],
  signedIn: async ({ page, server }, use) => {
    await signIn(page, server);
    await use(page);
  },
  makeReporter: async ({ server, apiKey }, use) => {
    const reporters: Reporter[] = [];
    await use((options) => {
      const reporter = createReporter({
        url: server.url,
        apiKey,
        name: 'e2e',
        num_rounds: 10,
        commands_supported: ['stop_round'],
        ...options,
      });
      reporters.push(reporter);
      return reporter;
    });
    await Promise.all(reporters.map((reporter) => reporter.close()));
  },
});

/** Signs a page in without its form: the refresh cookie is all that the app needs. */
export async function signIn(page: Page, server: TestServer): Promise<void> {
  const answer = await page.request.post(`${server.url}/api/auth/login`, { data: admin });
  if (!answer.ok()) throw new Error(`Signing in: ${answer.status()} ${await answer.text()}`);
}

/** Resolves to a question: is this still the page that was loaded then? */
export async function markPage(page: Page): Promise<() => Promise<boolean>> {
  await page.evaluate('globalThis.rondoMark = true');
  return () => page.evaluate<boolean>('globalThis.rondoMark === true');
}

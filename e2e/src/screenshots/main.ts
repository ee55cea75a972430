import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from '@playwright/test';
import { makeCheckpoint, upload } from '../checkpoint.ts';
import { findChromium } from '../chromium.ts';
import { Rest } from '../rest.ts';
import { admin, root, TestServer } from '../server.ts';
import { heartbeats, mainRun, poisonedClient, seedMainRun, seedSweep, sweepRuns } from './seed.ts';

/*
 * Every page at three widths in both themes, into docs/screenshots: `npm run build && npm run screenshots`.
 * It starts its own server and fills it. With names it makes only those: `npm run screenshots -- overview runs`.
 */
const folder = join(root, 'docs/screenshots');
const themes = ['dark', 'light'] as const;
/** Height of the screen, and the most of a longer page that is shown. */
const sizes = [
  { width: 360, height: 780, most: 1_800 },
  { width: 1280, height: 800, most: 1_500 },
  { width: 2560, height: 1_440, most: 1_440 },
] as const;
const quality = 72;
/** A new width is drawn and its charts are at rest. */
const settledMs = 700;
const loadedMs = 30_000;
const aliveEveryMs = 10_000;

interface Place {
  readonly name: string;
  readonly path: string;
  /** What has to be seen before a picture is worth taking. */
  readonly shows: string;
  readonly open?: (page: Page) => Promise<void>;
}

const run = `/runs/${mainRun}`;
const places: readonly Place[] = [
  { name: 'overview', path: run, shows: '[data-testid=attention]' },
  { name: 'overview-finished', path: `/runs/${sweepRuns[0]}`, shows: '[data-testid=round-monitor]' },
  { name: 'wall', path: `${run}?wall=1`, shows: '[data-testid=round-monitor]' },
  { name: 'runs', path: '/runs', shows: '[data-testid=run-table] table' },
  { name: 'rounds', path: `${run}/rounds`, shows: 'table' },
  { name: 'clients', path: `${run}/clients`, shows: '[data-testid=client-grid]' },
  { name: 'metrics', path: `${run}/metrics`, shows: '[data-testid=metric-card]' },
  { name: 'run-models', path: `${run}/models`, shows: '[data-testid=model-registry] table' },
  { name: 'log', path: `${run}/log`, shows: 'ol' },
  { name: 'config', path: `${run}/config`, shows: '[data-testid=run-config]' },
  { name: 'round', path: `${run}/rounds/40`, shows: '[data-testid=round-histograms]' },
  { name: 'client', path: `/clients/${poisonedClient}?run=${mainRun}`, shows: '[data-testid=client-measures]' },
  { name: 'client-peek', path: `${run}?client=${poisonedClient}`, shows: '[data-testid=client-drawer]' },
  {
    name: 'compare',
    path: `/compare?${new URLSearchParams(sweepRuns.slice(0, 4).map((id): [string, string] => ['run', id]))}`,
    shows: 'table',
  },
  { name: 'models', path: '/models', shows: '[data-testid=model-registry] table' },
  { name: 'model', path: `/models?model=densenet-r40&model_run=${mainRun}`, shows: '[data-testid=model-drawer]' },
  { name: 'settings-account', path: '/settings/account', shows: '[data-testid=session-list] table' },
  { name: 'settings-alerts', path: '/settings/alerts', shows: '[data-testid=alert-rules]' },
  { name: 'settings-projects', path: '/settings/projects?project=heart', shows: '[data-testid=project-members] table' },
  { name: 'settings-keys', path: '/settings/keys', shows: '[data-testid=key-settings] table' },
  { name: 'settings-users', path: '/settings/users', shows: '[data-testid=user-settings] table' },
  { name: 'settings-audit', path: '/settings/audit', shows: '[data-testid=audit-log] table' },
  {
    name: 'stop',
    path: run,
    shows: '[data-testid=round-monitor]',
    open: async (page) => {
      await page.getByRole('button', { name: 'Stop…' }).click();
      await page.getByTestId('stop-dialog').waitFor();
    },
  },
  {
    name: 'palette',
    path: run,
    shows: '[data-testid=round-monitor]',
    open: async (page) => {
      await page.getByTestId('shortcuts').waitFor({ state: 'attached' });
      await page.keyboard.press('Control+k');
      await page.getByTestId('palette').waitFor();
    },
  },
  {
    name: 'close-now',
    path: run,
    shows: '[data-testid=closing-now]',
    open: async (page) => {
      await page.getByRole('button', { name: 'Close now…' }).click();
      await page.getByTestId('close-now-dialog').waitFor();
    },
  },
  {
    name: 'time-machine',
    path: `${run}?at=${new Date(Date.now() - 60 * 60_000).toISOString()}`,
    shows: '[data-testid=time-machine][data-shown]',
  },
  { name: 'not-found', path: '/nowhere', shows: 'main' },
];

const wanted = process.argv.slice(2);
const isWanted = ({ name }: Pick<Place, 'name'>): boolean => wanted.length === 0 || wanted.includes(name);
const filled = await TestServer.start();
const empty = await TestServer.start();
const browser = await chromium.launch(await findChromium());
try {
  if (wanted.length === 0) await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const alive = await fill(filled);
  const context = await signedIn(filled);
  for (const place of places.filter(isWanted)) await shoot(context, filled, place);
  const signedOut = await browser.newContext({ locale: 'en-US', reducedMotion: 'reduce' });
  const signIn = { name: 'sign-in', path: '/login', shows: '[data-testid=login-form]' };
  if (isWanted(signIn)) await shoot(signedOut, filled, signIn);
  const firstRun = { name: 'first-run', path: '/', shows: '#no-runs' };
  if (isWanted(firstRun)) await shoot(await signedIn(empty), empty, firstRun);
  clearInterval(alive);
} finally {
  await browser.close();
  await Promise.all([filled.stop(), empty.stop()]);
}

async function signedIn(server: TestServer): Promise<BrowserContext> {
  const context = await browser.newContext({ locale: 'en-US', reducedMotion: 'reduce' });
  await context.request.post(`${server.url}/api/auth/login`, { data: admin });
  return context;
}

/** All widths and themes of one page from one load. */
async function shoot(context: BrowserContext, { url }: TestServer, { name, path, shows, open }: Place): Promise<void> {
  const page = await context.newPage();
  await page.setViewportSize(sizes[1]);
  await page.goto(url + path);
  await page.locator(shows).first().waitFor({ state: 'attached', timeout: loadedMs });
  // What loads late has a skeleton until then.
  await page.locator('.animate-pulse').first().waitFor({ state: 'detached', timeout: loadedMs });
  await open?.(page);
  const browserSide = await context.newCDPSession(page);
  for (const { width, height, most } of sizes) {
    await page.setViewportSize({ width, height });
    await page.waitForTimeout(settledMs);
    const long = await page.evaluate<number>('document.documentElement.scrollHeight');
    await page.setViewportSize({ width, height: Math.max(height, Math.min(most, long)) });
    for (const colorScheme of themes) {
      await page.emulateMedia({ colorScheme });
      await page.waitForTimeout(settledMs);
      const { data } = await browserSide.send('Page.captureScreenshot', { format: 'webp', quality });
      await writeFile(join(folder, `${name}-${width}-${colorScheme}.webp`), Buffer.from(data, 'base64'));
    }
  }
  await page.close();
  console.log(name);
}

/** Fills the server, and goes on to report, so that its run is not silent. */
async function fill(server: TestServer): Promise<NodeJS.Timeout> {
  const rest = await Rest.signIn(server);
  const apiKey = await rest.createKey('hospital gateway');
  const reporter_id = crypto.randomUUID();
  let batch = 0;
  const send = async (events: readonly unknown[]) => {
    const answer = await fetch(`${server.url}/api/ingest`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ reporter_id, batch: ++batch, sent_at: new Date().toISOString(), events }),
    });
    const text = await answer.text();
    if (!answer.ok || /"rejected":[1-9]/.test(text))
      throw new Error(`Reporting: ${answer.status} ${text.slice(0, 500)}`);
  };
  await seedSweep(send, Date.now());
  await seedMainRun(send, Date.now());
  for (const round of [10, 20, 30, 40]) {
    const { bytes } = makeCheckpoint(8);
    await upload(server, apiKey, { version: `densenet-r${round}`, run_id: mainRun, round, bytes });
  }
  await rest.request('/api/projects', 'POST', { id: 'heart', name: 'Heart study' });
  for (const username of ['ada', 'grace', 'edsger']) {
    const answer = await rest.request('/api/users', 'POST', {
      username,
      password: 'a rondo comes round again',
      role: 'viewer',
    });
    const { id } = (await answer.json()) as { id: string };
    await rest.request(`/api/projects/heart/members/${id}`, 'PUT', { role: username === 'ada' ? 'admin' : 'viewer' });
  }
  await rest.request('/api/keys', 'POST', { name: 'notebook', scopes: ['read'], project_id: 'heart' });
  return setInterval(() => void send(heartbeats(Date.now())), aliveEveryMs);
}

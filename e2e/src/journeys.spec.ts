import type { Page } from '@playwright/test';
import { isTooWide, problems, themes } from './axe.ts';
import { fillServer, type Seeded } from './seeds.ts';
import { test as base, expect as expectOf, signIn } from './test.ts';

// Much is drawn at once, and a busy machine is ten times slower.
const expect = expectOf.configure({ timeout: 60_000 });

/**
 * A question, and how many steps lead to its answer. A step is what changes the page: a press on a control, by pointer or by
 * key, or a line of the palette. Pointing, moving the focus, scrolling and typing are none, as they are parts of a step.
 */
const countSteps = `
  globalThis.rondoSteps = Number(sessionStorage.getItem('steps') ?? 0);
  const count = () => sessionStorage.setItem('steps', String(++globalThis.rondoSteps));
  addEventListener('click', (event) => { if (event.isTrusted || event.detail === 0) count(); }, true);
  addEventListener('keydown', (event) => {
    const { target, key } = event;
    // Enter in a field, a palette or a chart acts without a click.
    const isField = target instanceof HTMLElement && (target.matches('input') || target.role === 'slider');
    if (key === 'Enter' && isField) count();
  }, true);
`;

const steps = (page: Page): Promise<number> => page.evaluate<number>('globalThis.rondoSteps');
const forgetSteps = (page: Page): Promise<void> =>
  page.evaluate("globalThis.rondoSteps = 0; sessionStorage.setItem('steps', '0');");

const test = base.extend<{ readonly counted: Page }, { readonly seeded: Seeded }>({
  seeded: [
    async ({ server, apiKey, rest }, use) => use(await fillServer(server.url, apiKey, rest)),
    { scope: 'worker', timeout: 180_000 },
  ],
  counted: async ({ page, server }, use) => {
    await signIn(page, server);
    await page.addInitScript(countSteps);
    await use(page);
  },
});

/** Moves the focus by Tab until it is on the thing, as one does without a mouse. */
async function tabTo(page: Page, what: ReturnType<Page['locator']>, most = 120): Promise<void> {
  await expect(what.first()).toBeVisible();
  for (let press = 0; press < most; press++) {
    const focused = what.first().and(page.locator(':focus'));
    if ((await focused.count()) > 0) return;
    await page.keyboard.press('Tab');
  }
  throw new Error('the focus did not reach it by Tab');
}

/** By a link that was copied: another visit of the same address, in another tab. */
async function byLink(page: Page, answers: (page: Page) => Promise<void>): Promise<void> {
  const other = await page.context().newPage();
  await other.addInitScript(countSteps);
  await other.goto(page.url());
  await answers(other);
  await other.close();
}

async function byReload(page: Page, answers: (page: Page) => Promise<void>): Promise<void> {
  await page.reload();
  await answers(page);
}

/** Nothing for axe to find in both themes, and no page wider than a phone. */
async function looksRight(page: Page): Promise<void> {
  for (const colorScheme of themes) {
    await page.emulateMedia({ colorScheme });
    expect(await problems(page)).toEqual([]);
  }
  const size = page.viewportSize();
  await page.setViewportSize({ width: 360, height: 800 });
  expect(await page.evaluate(isTooWide)).toBe(false);
  if (size) await page.setViewportSize(size);
}

test('is it stuck? The page, its tab and the list say so: no step', async ({ counted: page, server, seeded }) => {
  const answers = async (shown: Page) => {
    await expect(shown.getByTestId('run-condition')).toHaveAttribute('data-condition', /overdue|silent/);
    await expect(shown).toHaveTitle(/overdue|silent/);
    await expect(shown.getByTestId('run-picker')).toContainText('24 gateways');
    await expect(shown.getByTestId('round-monitor')).toHaveAttribute('data-round', '160');
  };
  await page.goto(`${server.url}/`);
  await answers(page);
  await byReload(page, answers);
  expect(await steps(page)).toBe(0);
  await page.goto(`${server.url}/runs/${seeded.fleet}`);
  await byLink(page, answers);
  await page.goto(`${server.url}/runs`);
  await expect(page.getByTestId('run-table').getByRole('row').filter({ hasText: '24 gateways' })).toContainText(
    /overdue|silent/,
  );
  expect(await steps(page)).toBe(0);
});

test('which client poisons the run? At most 2 steps from /', async ({ counted: page, server, seeded }) => {
  const answers = async (shown: Page) => {
    const drawer = shown.getByRole('dialog').filter({ hasText: seeded.poisoned });
    await expect(drawer).toBeVisible();
    await expect(drawer).toContainText(/update norm is [\d.,]+× its usual one/);
  };
  const item = page.getByTestId('attention').getByRole('button', { name: seeded.poisoned });

  await page.goto(`${server.url}/`);
  await expect(page.getByTestId('attention')).toContainText(seeded.poisoned);
  await item.first().click();
  await answers(page);
  expect(await steps(page)).toBeLessThanOrEqual(2);
  await byLink(page, answers);
  await byReload(page, answers);

  await page.goto(`${server.url}/`);
  await forgetSteps(page);
  await tabTo(page, item);
  await page.keyboard.press('Enter');
  await answers(page);
  expect(await steps(page)).toBeLessThanOrEqual(2);
  await page.keyboard.press('Escape');
  await expect(item.first()).toBeFocused();
});

test('which of the 27 sweep runs is best? 1 step', async ({ counted: page, server, seeded }) => {
  const best = [...seeded.sweep].sort((a, b) => b.bestAccuracy - a.bestAccuracy)[0];
  const rows = (shown: Page) => shown.getByTestId('run-table').getByRole('row');
  const answers = async (shown: Page) => {
    await expect(rows(shown).nth(1)).toContainText(best?.name ?? '');
    await expect(shown.getByTestId('run-table')).toContainText('27 runs');
  };
  const address = `${server.url}/runs?tag=${seeded.sweepTag}`;
  const head = page.getByRole('columnheader', { name: 'Best accuracy' }).getByRole('button');

  await page.goto(address);
  await head.click();
  await answers(page);
  expect(await steps(page)).toBe(1);
  await byLink(page, answers);
  await byReload(page, answers);

  await page.goto(address);
  await forgetSteps(page);
  await tabTo(page, head);
  await page.keyboard.press('Enter');
  await answers(page);
  expect(await steps(page)).toBe(1);
});

test('why did clients fail in round 150? 1 step', async ({ counted: page, server, seeded }) => {
  const answers = async (shown: Page) => {
    const panel = shown.getByTestId('failure-reasons');
    await expect(panel.getByRole('listitem')).toHaveCount(seeded.reasons.length);
    for (const reason of seeded.reasons) await expect(panel).toContainText(reason.slice(0, 12));
    await expect(panel).toContainText('12 clients, 3 reasons');
  };
  await page.goto(`${server.url}/runs/${seeded.fleet}`);
  // The point of the curve opens its round; the tip says which it is.
  const chart = page.getByRole('slider', { name: /^Training progress/ });
  await expect(chart).toHaveAttribute('aria-valuetext', /round 159/);
  await chart.scrollIntoViewIfNeeded();
  const plot = page.getByTestId('metrics-chart').locator('.u-over');
  const box = await plot.boundingBox();
  if (box === null) throw new Error('the chart is not drawn');
  const tip = page.getByTestId('chart-tip');
  const title = `round ${seeded.failedRound}`;
  const guess = box.x + (box.width * (seeded.failedRound - 1)) / (160 - 1);
  await expect(async () => {
    for (let by = -8; by <= 8; by++) {
      await page.mouse.move(guess + by, box.y + box.height / 2);
      if ((await tip.count()) > 0 && (await tip.textContent())?.startsWith(title)) return;
    }
    throw new Error(`no point of ${title}`);
  }).toPass({ timeout: 30_000 });
  await page.mouse.down();
  await page.mouse.up();
  await expect(page).toHaveURL(new RegExp(`/rounds/${seeded.failedRound}$`));
  await answers(page);
  expect(await steps(page)).toBe(1);
  await byLink(page, answers);
  await byReload(page, answers);

  await page.goto(`${server.url}/runs/${seeded.fleet}`);
  await forgetSteps(page);
  await expect(page.getByTestId('shortcuts')).toBeAttached();
  await expect(page.getByTestId('round-monitor')).toBeVisible();
  await page.keyboard.press('Control+k');
  await page.keyboard.type(`round ${seeded.failedRound}`);
  await expect(page.getByRole('option', { name: `Round ${seeded.failedRound}`, exact: true })).toHaveAttribute(
    'data-selected',
    'true',
  );
  await page.keyboard.press('Enter');
  await answers(page);
  expect(await steps(page)).toBe(1);
});

test('the loss of two runs at round 20, and what differs in their config? At most 3 steps', async ({
  counted: page,
  server,
  seeded,
}) => {
  const [a, b] = [seeded.sweep[0], seeded.sweep[13]];
  if (a === undefined || b === undefined) throw new Error('no sweep');
  const address = `${server.url}/runs?tag=${seeded.sweepTag}`;
  const text = (loss: number | undefined) => (loss ?? 0).toFixed(3);
  // Without what all of the names begin with.
  const short = (name: string) => name.replace(/^femnist-/, '');
  const config = async (shown: Page) => {
    const table = shown.getByTestId('compare-config').getByRole('table', { name: 'Config' });
    await expect(table.getByRole('rowheader')).toHaveText(['alpha', 'lr', 'strategy']);
    await expect(table).toContainText('fedprox');
  };
  const slider = (shown: Page) => shown.getByRole('slider', { name: /^Loss/ });
  const atRound20 = async (shown: Page) => {
    const spoken = `round 20: `;
    await expect(slider(shown)).toBeVisible();
    await slider(shown).focus();
    await expect(async () => {
      await shown.keyboard.press('ArrowLeft');
      expect(await slider(shown).getAttribute('aria-valuetext')).toContain(spoken);
    }).toPass({ timeout: 30_000, intervals: [20] });
    const words = (await slider(shown).getAttribute('aria-valuetext')) ?? '';
    for (const run of [a, b]) expect(words).toContain(`${short(run.name)} ${text(run.loss[19])}`);
    // The box beside the cursor shows the same.
    for (const run of [a, b]) await expect(shown.getByTestId('chart-tip').first()).toContainText(text(run.loss[19]));
  };
  const answers = async (shown: Page) => {
    await config(shown);
    await atRound20(shown);
  };

  await page.goto(address);
  for (const run of [a, b]) await page.getByRole('checkbox', { name: `Select ${run.name}` }).check();
  await page.getByRole('link', { name: /^Compare/ }).click();
  await answers(page);
  expect(await steps(page)).toBeLessThanOrEqual(3);
  await byLink(page, answers);
  await byReload(page, answers);
  await looksRight(page);
  // The round is part of the address, so that a link shows the figures at it.
  await page.goto(`${page.url()}&round=20`);
  const figures = page.getByTestId('compare-figures');
  await expect(figures.getByRole('columnheader', { name: 'Loss at 20' })).toBeVisible();
  for (const run of [a, b])
    await expect(figures.getByRole('row').filter({ hasText: short(run.name) })).toContainText(text(run.loss[19]));

  await page.goto(address);
  await forgetSteps(page);
  for (const run of [a, b]) {
    await tabTo(page, page.getByRole('checkbox', { name: `Select ${run.name}` }), 400);
    await page.keyboard.press('Space');
  }
  await tabTo(page, page.getByRole('link', { name: /^Compare/ }), 400);
  await page.keyboard.press('Enter');
  await answers(page);
  expect(await steps(page)).toBeLessThanOrEqual(3);
});

test('the log line of round 37? At most 3 steps', async ({ counted: page, server, seeded }) => {
  const answers = async (shown: Page) => {
    await expect(shown.getByRole('list', { name: 'Log' }).getByRole('listitem')).toHaveCount(1);
    await expect(shown.getByRole('list', { name: 'Log' })).toContainText('round 37 aggregated');
  };
  const find = async (shown: Page) => {
    await shown.getByLabel('Search messages').focus();
    await shown.keyboard.type('round 37 ');
    await answers(shown);
  };
  await page.goto(`${server.url}/`);
  await page.getByRole('link', { name: 'Log', exact: true }).click();
  await find(page);
  expect(await steps(page)).toBeLessThanOrEqual(3);
  await byLink(page, answers);
  await byReload(page, answers);

  await page.goto(`${server.url}/runs/${seeded.fleet}`);
  await forgetSteps(page);
  await tabTo(page, page.getByRole('link', { name: 'Log', exact: true }));
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByLabel('Search messages'));
  await page.keyboard.type('round 37 ');
  await answers(page);
  expect(await steps(page)).toBeLessThanOrEqual(3);
});

test('[G19] what did it look like then? The scrubber shows any moment, and the address holds it', async ({
  counted: page,
  server,
  rest,
  seeded,
}) => {
  const bar = page.getByTestId('time-machine');
  const moment = page.getByRole('slider', { name: 'Moment' });
  const round = page.getByTestId('round-monitor');
  await page.goto(`${server.url}/runs/${seeded.fleet}`);
  await expect(round).toHaveAttribute('data-round', '160');
  await page.getByRole('button', { name: 'Go back in time' }).click();
  await expect(bar).toHaveAttribute('data-shown', /./);
  expect(await steps(page)).toBe(1);

  // By keyboard: the start, round by round, and a hundredth of the run.
  await moment.focus();
  await page.keyboard.press('Home');
  await expect(page.getByText('No round has started yet')).toBeVisible();
  await page.keyboard.press('PageUp');
  await expect(round).toHaveAttribute('data-round', '1');
  await page.keyboard.press('ArrowRight');
  await expect(round).not.toHaveAttribute('data-round', '1');
  await expect(moment).toHaveAttribute('aria-valuetext', /round \d+ of 160, .* ago$/);
  await expect(page.getByTestId('attention')).toContainText('Nothing');
  await expect(page.getByRole('button', { name: 'Stop…' })).toBeHidden();

  // While round 130 collects, the poisoning client was known, and nothing later.
  const found = (await (await rest.request(`/api/runs/${seeded.fleet}/rounds/130`)).json()) as { started_at: string };
  const at = new Date(Date.parse(found.started_at) + 20_000).toISOString();
  const then = async (shown: Page) => {
    await expect(shown.getByTestId('time-machine')).toHaveAttribute('data-shown', at);
    await expect(shown.getByTestId('round-monitor')).toHaveAttribute('data-round', '130');
    await expect(shown.getByTestId('round-monitor')).toHaveAttribute('data-status', 'collecting');
    await expect(shown.getByTestId('attention')).toContainText(seeded.poisoned);
    await expect(shown.getByTestId('metrics-chart')).toHaveAttribute('data-last-round', '129');
  };
  await page.goto(`${server.url}/runs/${seeded.fleet}?at=${at}`);
  await then(page);
  await byLink(page, then);
  await byReload(page, then);

  await looksRight(page);

  // A tab of the run keeps the moment; its list ends there.
  await page.getByRole('link', { name: 'Rounds', exact: true }).click();
  await expect(page).toHaveURL(/[?&]at=/);
  await expect(page.getByTestId('round-table')).toContainText('130 rounds');

  // Playing moves it, space stops it, and the way out is one press.
  await moment.focus();
  await page.keyboard.press('Space');
  await expect(bar).toHaveAttribute('data-playing', 'true');
  await expect(bar).not.toHaveAttribute('data-shown', at);
  await page.keyboard.press('Space');
  await expect(bar).toHaveAttribute('data-playing', 'false');
  await page.getByRole('button', { name: 'Back to live' }).click();
  await expect(bar).toBeHidden();
  await expect(page).not.toHaveURL(/at=/);
  await expect(page.getByTestId('round-table')).toContainText('160 rounds');
  await page.goBack();
  await expect(bar).toBeVisible();
});

test('[G19] what did a client look like then? Its page goes back as well', async ({
  counted: page,
  server,
  rest,
  seeded,
}) => {
  const facts = page.getByTestId('client-facts');
  const bar = page.getByTestId('time-machine');
  const address = `${server.url}/clients/${seeded.poisoned}?run=${seeded.fleet}`;
  await page.goto(address);
  await expect(facts.getByRole('heading', { name: 'Now' })).toBeVisible();
  await page.getByRole('button', { name: 'Go back in time' }).click();
  await expect(bar).toHaveAttribute('data-shown', /./);
  await expect(facts.getByRole('heading', { name: 'Then' })).toBeVisible();
  expect(await steps(page)).toBe(1);

  const found = (await (await rest.request(`/api/runs/${seeded.fleet}/rounds/130`)).json()) as { started_at: string };
  const at = new Date(Date.parse(found.started_at) + 20_000).toISOString();
  const then = async (shown: Page) => {
    await expect(shown.getByTestId('time-machine')).toHaveAttribute('data-shown', at);
    const [panel, strip] = [shown.getByTestId('client-facts'), shown.getByTestId('outcome-strip')];
    await expect(panel.getByRole('heading', { name: 'Then' })).toBeVisible();
    await expect(panel).toContainText('round 130');
    await expect(strip).toBeVisible();
    // What came after the moment is not shown.
    await expect(shown.getByRole('table').filter({ hasText: 'Outcome' })).not.toContainText('160');
  };
  await page.goto(`${address}&at=${at}`);
  await then(page);
  await byLink(page, then);
  await byReload(page, then);
  await looksRight(page);

  await page.getByRole('button', { name: 'Back to live' }).click();
  await expect(facts.getByRole('heading', { name: 'Now' })).toBeVisible();
  await expect(page).not.toHaveURL(/at=/);
});

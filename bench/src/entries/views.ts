import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BrowserContext, Page } from '@playwright/test';
import { encodeMatrix, type MatrixHeader } from '@rondo/protocol';
import { signIn, withBrowser } from '../lib/browser.ts';
import { feed } from '../lib/feed.ts';
import { atMost, type Context, type Entry, type Figure } from '../lib/figure.ts';
import { quantiles } from '../lib/quantiles.ts';
import { withServer } from '../lib/server.ts';

const run_id = 'views';
const waitMs = 120_000;

/** What a browser needs to draw the large views, on software rendering: the figures are those of the page alone. */
export const views: Entry = {
  name: 'views',
  about: 'heat map of 1,000 × 500 and 5,000 × 1,000, compare of 100 runs × 10,000 points, wall of 300 metrics',
  run: ({ quick, say }: Context) =>
    withServer({}, async (server, rest) => {
      const apiKey = await rest.createKey('views');
      await feed(server.url, apiKey, smallRun());
      return withBrowser(async (browser) => {
        // Playwright evaluates conditions as strings, which the policy of the pages forbids.
        const context = await browser.newContext({ bypassCSP: true, viewport: { width: 1_440, height: 900 } });
        await signIn(context, server.url);
        await context.addInitScript(watchCanvas);
        const figures: Figure[] = [];
        const sizes = quick
          ? [[1_000, 500, 250]]
          : [
              [1_000, 500, 250],
              [5_000, 1_000, 400],
            ];
        for (const [clients = 0, rounds = 0, target = 0] of sizes) {
          say(`drawing ${clients} clients × ${rounds} rounds`);
          figures.push(...(await heatMap(context, server.url, { clients, rounds, target })));
        }
        const runs = quick ? 20 : 100;
        say(`reporting ${runs} runs of 10,000 points`);
        await feed(server.url, apiKey, comparedRuns(runs));
        figures.push(await compare(context, server.url, runs));
        say('reporting 300 metrics');
        await feed(server.url, apiKey, wallRun());
        figures.push(...(await wall(context, server.url)));
        return figures;
      });
    }),
};

/** Notes when a canvas of the size of a view was painted, and how long after an event that asked for it. */
const watchCanvas = `
  globalThis.rondoPaints = [];
  const put = CanvasRenderingContext2D.prototype.putImageData;
  CanvasRenderingContext2D.prototype.putImageData = function (...given) {
    put.apply(this, given);
    globalThis.rondoPaints.push(performance.now());
  };
`;

interface Size {
  readonly clients: number;
  readonly rounds: number;
  readonly target: number;
}

/** The matrix itself comes from memory: to report five million updates would take minutes and measure the server. */
async function heatMap(context: BrowserContext, url: string, { clients, rounds, target }: Size): Promise<Figure[]> {
  const name = `${clients.toLocaleString('en-US')} × ${rounds.toLocaleString('en-US')}`;
  const source = await serveMatrix(clients, rounds);
  const page = await context.newPage();
  try {
    await page.route(/\/matrix\?/, (route) => {
      const { search } = new URL(route.request().url());
      return route.continue({ url: `http://127.0.0.1:${(source.address() as AddressInfo).port}/matrix${search}` });
    });
    await page.goto(`${url}/runs/${run_id}/clients?cells=loss`);
    await page.waitForFunction('globalThis.rondoPaints.length > 0', undefined, { timeout: waitMs });
    const first = await page.evaluate<{ fromRequest: number; fromBytes: number }>(`(() => {
      const request = performance.getEntriesByType('resource').find(({ name }) => name.includes('/matrix?'));
      const painted = globalThis.rondoPaints[0];
      return { fromRequest: painted - request.startTime, fromBytes: painted - request.responseEnd };
    })()`);
    const column = await newColumn(page);
    const [p50 = 0, p95 = 0] = quantiles(await panAndZoom(page), [0.5, 0.95]);
    return [
      {
        name: `heat map ${name}: from the request to the first paint`,
        value: first.fromRequest,
        unit: 'ms',
        target: atMost(target),
        note: `${first.fromBytes.toFixed(0)} ms after the last byte`,
      },
      { name: `… a new column, written and painted`, value: column, unit: 'ms', target: atMost(4) },
      {
        name: '… a step of pan or zoom, p95',
        value: p95,
        unit: 'ms',
        target: atMost(16),
        note: `p50 ${p50.toFixed(1)} ms`,
      },
    ];
  } finally {
    await page.close();
    source.close();
  }
}

/** The page reads what is new every five seconds; what counts is the work after the bytes are there. */
async function newColumn(page: Page): Promise<number> {
  const count = 'performance.getEntriesByType("resource").filter(({ name }) => name.includes("&from=")).length';
  await page.evaluate('globalThis.rondoSeen = globalThis.rondoPaints.length');
  const samples: number[] = [];
  for (let n = 1; n <= 5; n++) {
    await page.waitForFunction(`${count} >= ${n} && globalThis.rondoPaints.length > globalThis.rondoSeen`, undefined, {
      timeout: waitMs,
    });
    samples.push(
      await page.evaluate<number>(`(() => {
        const request = performance.getEntriesByType('resource').findLast(({ name }) => name.includes('&from='));
        const painted = globalThis.rondoPaints.find((at) => at > request.responseEnd) ?? Number.NaN;
        globalThis.rondoSeen = globalThis.rondoPaints.length;
        return painted - request.responseEnd;
      })()`),
    );
  }
  // It waits for an animation frame, which is not work: the quickest of them had the least to wait.
  return Math.min(...samples.filter(Number.isFinite));
}

/** Each step ends with its painting; the frame that it waits for is not counted. */
const panAndZoom = (page: Page): Promise<number[]> =>
  page.evaluate<number[]>(`(async () => {
    const map = document.querySelector('[aria-roledescription="heat map"]');
    const { left, top, width, height } = map.getBoundingClientRect();
    const place = { clientX: left + width / 3, clientY: top + height / 3, bubbles: true, cancelable: true };
    const samples = [];
    const nextFrame = () => new Promise((done) => requestAnimationFrame(done));
    for (let step = 0; step < 60; step++) {
      await nextFrame();
      const before = globalThis.rondoPaints.length;
      const isZoom = step % 2 === 0;
      const started = performance.now();
      if (isZoom) map.dispatchEvent(new WheelEvent('wheel', { ...place, ctrlKey: true, deltaY: step % 12 < 6 ? -100 : 100 }));
      else map.dispatchEvent(new KeyboardEvent('keydown', { key: step % 4 === 1 ? 'PageDown' : 'ArrowLeft', bubbles: true, cancelable: true }));
      const handled = performance.now();
      const frameAt = await nextFrame();
      for (let tries = 0; globalThis.rondoPaints.length === before && tries < 3; tries++) await nextFrame();
      const painted = globalThis.rondoPaints.length === before ? null : globalThis.rondoPaints.at(-1);
      // From the start of the frame in which it was painted, and the handler before it.
      if (painted !== null) samples.push(handled - started + Math.max(0, painted - frameAt));
    }
    return samples;
  })()`);

function serveMatrix(clients: number, rounds: number): Promise<Server> {
  const client_ids = Array.from({ length: clients }, (_, n) => `client-${String(n).padStart(4, '0')}`);
  let known = rounds;
  // Made before it is requested: what it costs here is not what the page costs.
  const whole = matrixOf(client_ids, rounds, 0);
  const server = createServer((request, response) => {
    const from = new URL(request.url ?? '', 'http://x').searchParams.get('from');
    // Each later request finds one more round.
    if (from !== null) known++;
    const body = from === null ? whole : matrixOf(client_ids, known, Number(from));
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': body.length });
    response.end(body);
  });
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done(server)));
}

function matrixOf(client_ids: readonly string[], known: number, from: number): Uint8Array {
  const rounds = Array.from({ length: known }, (_, n) => n + 1).filter((round) => round >= from);
  const header = {
    run_id,
    measure: 'train_loss',
    cell: 'float32',
    rounds,
    client_ids,
    open_rounds: [],
    truncated: false,
  } as unknown as MatrixHeader;
  const cells = new Float32Array(rounds.length * client_ids.length);
  for (let at = 0; at < cells.length; at++) cells[at] = 1 + Math.abs(Math.sin(12.9898 * at));
  return encodeMatrix(header, new Uint8Array(cells.buffer));
}

async function compare(context: BrowserContext, url: string, runs: number): Promise<Figure> {
  const page = await context.newPage();
  const query = Array.from({ length: runs }, (_, n) => `run=compared-${n}`).join('&');
  await page.goto(`${url}/compare?${query}`);
  const chart = page.locator('[data-testid=compare-global_loss] canvas');
  await chart.waitFor({ timeout: waitMs });
  const ms = await page.evaluate<number>(`(() => {
    const request = performance.getEntriesByType('resource').find(({ name }) => name.includes('name=global_loss'));
    return new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now() - request.responseEnd))));
  })()`);
  const longest = await page.evaluate<number>(`(async () => {
    const slider = document.querySelector('[data-testid=compare-global_loss] [role=slider]');
    const { left, top, width, height } = slider.getBoundingClientRect();
    const over = slider.querySelector('.u-over');
    let longest = 0;
    for (let step = 0; step < 40; step++) {
      const started = performance.now();
      over.dispatchEvent(new MouseEvent('mousemove', { clientX: left + (width * step) / 40, clientY: top + height / 2, bubbles: true }));
      await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
      longest = Math.max(longest, performance.now() - started);
    }
    return longest;
  })()`);
  await page.close();
  return {
    name: `compare ${runs} runs × 10,000 points: drawn after the last byte of the loss`,
    value: ms,
    unit: 'ms',
    note: `longest move of the cursor ${longest.toFixed(0)} ms`,
  };
}

async function wall(context: BrowserContext, url: string): Promise<Figure[]> {
  const page = await context.newPage();
  await page.goto(`${url}/runs/wall/metrics`);
  await page.locator('[data-testid=metric-card] canvas').first().waitFor({ timeout: waitMs });
  const ready = await page.evaluate<number>('performance.now()');
  const frames = await page.evaluate<number[]>(`(async () => {
    const deltas = [];
    let before = await new Promise(requestAnimationFrame);
    for (let step = 0; step < 90; step++) {
      scrollBy(0, 60);
      const now = await new Promise(requestAnimationFrame);
      deltas.push(now - before);
      before = now;
    }
    return deltas;
  })()`);
  const cards = await page.locator('[data-testid=metric-card]').count();
  const [p95 = 0] = quantiles(frames, [0.95]);
  await page.close();
  return [
    {
      name: 'metric wall, 300 names: from the address to the first chart',
      value: ready,
      unit: 'ms',
      note: `${cards} cards exist`,
    },
    { name: '… frame while scrolling, p95', value: p95, unit: 'ms', target: atMost(20) },
  ];
}

const iso = (second: number): string => new Date(Date.UTC(2026, 0, 1) + second * 1_000).toISOString();

/** The run whose map is drawn; it runs, so that the map is read again. */
function* smallRun(): Iterable<object> {
  yield { type: 'run_started', run_id, at: iso(0), name: 'a large map', framework: 'bench', num_rounds: 2_000 };
  yield { type: 'round_started', run_id, at: iso(1), round: 1, client_ids: ['client-0000', 'client-0001'] };
}

function* comparedRuns(count: number): Iterable<object> {
  for (let n = 0; n < count; n++) {
    const of = { run_id: `compared-${n}` };
    yield { type: 'run_started', ...of, at: iso(0), name: `run ${n}`, framework: 'bench', config: { lr: n / 100 } };
    for (let round = 1; round <= 10_000; round++) {
      const global_loss = 1 / Math.sqrt(round) + 0.05 * Math.abs(Math.sin(12.9898 * round + n));
      yield { type: 'round_complete', ...of, at: iso(round), round, global_loss, global_accuracy: 1 - global_loss / 2 };
    }
    yield { type: 'run_complete', ...of, at: iso(10_001), status: 'complete' };
  }
}

function* wallRun(): Iterable<object> {
  const of = { run_id: 'wall' };
  yield { type: 'run_started', ...of, at: iso(0), name: 'a wall', framework: 'bench' };
  for (let name = 0; name < 300; name++)
    for (let step = 1; step <= 200; step++)
      yield {
        type: 'metric',
        ...of,
        at: iso(step),
        name: `block${name % 12}/metric_${name}`,
        step,
        value: Math.abs(Math.sin(name + step / 20)),
      };
}

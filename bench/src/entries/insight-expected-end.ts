import { once } from 'node:events';
import type { Waiting } from '@rondo/protocol';
import { startNode } from '../lib/children.ts';
import { atLeast, type Context, type Figure } from '../lib/figure.ts';
import type { Rest } from '../lib/rest.ts';
import { withServer } from '../lib/server.ts';

/** Fewer rounds than this leave the first ones without an interval. */
const rounds = { quick: 40, whole: 100 };
const pace = '16';
const pauseMs = 15;

/**
 * The demo, sixteen times as fast, and a viewer that reads the expected end again and again. Of each round its first
 * interval counts: the one that is shown when the round begins.
 */
export function expectedEndCoverage(context: Context): Promise<Figure[]> {
  const wanted = context.quick ? rounds.quick : rounds.whole;
  return withServer({}, async (server, rest) => {
    const env = { ...process.env, RONDO_URL: server.url, RONDO_API_KEY: await rest.createKey('demo') };
    const args = ['--rounds', String(wanted), '--pace', pace, '--save-every', '0'];
    context.say(`${wanted} rounds of the demo, ${pace} times as fast`);
    const demo = startNode(['demo/src/main.ts', ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] });
    const ended = once(demo, 'exit');
    let isOver = false;
    void ended.then(() => {
      isOver = true;
    });
    try {
      const run = await firstRun(rest, () => isOver);
      const shown = new Map<number, string>();
      while (!isOver) {
        const { round, expected_end } = (await rest.get(`/api/runs/${run}/waiting`)) as Waiting;
        if (round !== null && expected_end.state === 'interval' && !shown.has(round)) shown.set(round, expected_end.to);
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
      const done = (await rest.rounds(run)).filter(
        ({ completed_at, round }) => completed_at !== null && shown.has(round),
      );
      const held = done.filter(({ completed_at, round }) => (completed_at ?? '') <= (shown.get(round) ?? ''));
      return [
        {
          name: 'expected end: rounds that ended by it',
          value: (100 * held.length) / done.length,
          unit: '%',
          target: atLeast(90),
          note: `held in ${held.length} of ${done.length} rounds with an interval, of ${wanted}`,
        },
      ];
    } finally {
      demo.kill('SIGKILL');
    }
  });
}

async function firstRun(rest: Rest, isOver: () => boolean): Promise<string> {
  while (!isOver()) {
    const { items } = (await rest.get('/api/runs?limit=1')) as { items: { run_id: string }[] };
    if (items[0]) return items[0].run_id;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the demo ended before it had begun a run');
}

import type { MetricValue } from '@rondo/protocol';
import { expect, it } from 'vitest';
import { makeRandom } from '../../testing/random.ts';
import { emptySummary, figuresOf, foldRound, summarise } from './summary.ts';

const over = (round: number, global_loss: MetricValue | null, metrics = {}) =>
  ({ round, status: 'complete', global_loss, global_accuracy: null, metrics }) as const;

it('[G11] is the same whatever the order in which rounds close', () => {
  const { below } = makeRandom(7);
  const random = () => below(1_000_000) / 1_000_000;
  for (let turn = 0; turn < 50; turn++) {
    const count = 1 + Math.floor(random() * 300);
    const rounds = Array.from({ length: count }, (_, n) =>
      over(n * (1 + (turn % 3)), random() < 0.1 ? 'NaN' : Math.round(random() * 20), { f1: Math.round(random() * 9) }),
    );
    const mixed = [...rounds].sort(() => random() - 0.5);
    let state = emptySummary;
    for (const round of mixed) {
      const next = foldRound(state, round.round, {}, figuresOf(round));
      if (next) state = next;
      else throw new Error('a new round never needs the others');
    }
    expect(state).toEqual(summarise(rounds));
    expect(state.sparkline?.round.length).toBeLessThanOrEqual(60);
  }
});

it('[G11] asks for all rounds when the best round is corrected', () => {
  const state = summarise([over(1, 1), over(2, 2)]);
  expect(foldRound(state, 1, { loss: 1 }, { loss: 3 })).toBeUndefined();
  expect(foldRound(emptySummary, 1, {}, { loss: 'NaN' })?.figures.loss).toMatchObject({ last: 'NaN', best: null });
});

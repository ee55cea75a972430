import type { Privacy } from '@rondo/protocol';
import { expect, it } from 'vitest';
import { makeNormal } from '../../testing/random.ts';
import { attendanceOf, epsilonOf, roundsLeft, roundsWithin } from './privacy.ts';

/** Uniform numbers from the normal ones, good enough to draw clients. */
function makeUniform(seed: number): () => number {
  const normal = makeNormal(seed);
  return () => Math.abs(normal() * 1_000) % 1;
}

/** Rounds of each client when `chosen` of them are drawn in each round. */
function drawn(
  clients: number,
  rounds: number,
  chosen: number,
  weight: (client: number) => number,
  seed: number,
): number[] {
  const uniform = makeUniform(seed);
  const perClient = new Array<number>(clients).fill(0);
  for (let round = 0; round < rounds; round++) {
    const keys = perClient.map((_, n) => ({ n, key: uniform() ** (1 / weight(n)) }));
    for (const { n } of keys.sort((a, b) => b.key - a.key).slice(0, chosen))
      perClient[n] = (perClient[n] as number) + 1;
  }
  return perClient;
}

const everyone: Privacy['attendance'] = { kind: 'everyone', z: null, p_value: null, sentence: '' };
const gaussian = { target_epsilon: 4, noise_multiplier: 8, mechanism: 'gaussian' };
const spent = (fields: Partial<Parameters<typeof roundsLeft>[0]> = {}) =>
  roundsLeft({
    config: gaussian,
    epsilon: epsilonOf(10, 8, 1e-5),
    delta: 1e-5,
    spentRounds: 10,
    recent: [],
    attendance: everyone,
    ...fields,
  });

it('[G10] calls random what was drawn at random, but for one in a hundred', () => {
  const kinds = Array.from(
    { length: 300 },
    (_, n) => attendanceOf({ perClient: drawn(40, 60, 10, () => 1, n + 1), rounds: 60 }).kind,
  );
  const wrong = kinds.filter((kind) => kind === 'not_random').length;
  // 1 % of 300, and three standard errors.
  expect(wrong).toBeLessThanOrEqual(8);
  expect(kinds.every((kind) => kind === 'random' || kind === 'not_random')).toBe(true);
});

it('[G10] sees that some clients are drawn three times as often as others, and that all take turns', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const perClient = drawn(40, 60, 10, (n) => (n < 10 ? 3 : 1), seed);
    expect(attendanceOf({ perClient, rounds: 60 })).toMatchObject({
      kind: 'not_random',
      sentence: expect.stringContaining('not justified'),
    });
  }
  // More even than chance: in a fixed order.
  expect(attendanceOf({ perClient: new Array(40).fill(15), rounds: 60 }).kind).toBe('not_random');
});

it('[G10] says nothing of attendance where there is too little of it', () => {
  expect(attendanceOf({ perClient: [3, 3, 3], rounds: 3 }).kind).toBe('everyone');
  expect(attendanceOf({ perClient: [3, 2, 3, 1], rounds: 10 }).kind).toBe('not_known');
  expect(attendanceOf({ perClient: [], rounds: 0 }).kind).toBe('not_known');
});

it('[G10] the closed form ends at the last round within the target', () => {
  for (const sigma of [0.8, 2, 8, 31])
    for (const target of [0.5, 4, 10]) {
      const most = roundsWithin(target, sigma, 1e-5);
      if (most > 0) expect(epsilonOf(most, sigma, 1e-5)).toBeLessThanOrEqual(target);
      expect(epsilonOf(most + 1, sigma, 1e-5)).toBeGreaterThan(target);
    }
});

it('[G10] counts rounds by the closed form only where the reported ε agrees with it', () => {
  const all = roundsWithin(4, 8, 1e-5);
  expect(spent()).toMatchObject({ basis: 'zcdp', rounds: all - 10 });
  const said = epsilonOf(10, 8, 1e-5);
  expect(spent({ epsilon: said / 1.0999 }).basis).toBe('zcdp');
  expect(spent({ epsilon: said / 1.1001 }).basis).toBe('none');
  expect(spent({ attendance: { ...everyone, kind: 'random' } }).basis).toBe('none');
  expect(spent({ config: { ...gaussian, mechanism: 'laplace' } }).basis).toBe('none');
});

it('[G10] goes by the trend from five rounds on and says that this is no guarantee; at the target none are left', () => {
  const recent = (n: number) => Array.from({ length: n }, (_, i) => ({ round: i + 1, epsilon: 0.1 * (i + 1) }));
  const config = { target_epsilon: 1 };
  expect(spent({ config, epsilon: 0.4, recent: recent(4) })).toMatchObject({ basis: 'none', rounds: null });
  expect(spent({ config, epsilon: 0.5, recent: recent(5) })).toMatchObject({
    basis: 'trend',
    rounds: 5,
    sentence: expect.stringContaining('no guarantee'),
  });
  expect(spent({ config, epsilon: 1 })).toMatchObject({ rounds: 0 });
  expect(spent({ config: {} })).toMatchObject({ basis: 'none', rounds: null });
});

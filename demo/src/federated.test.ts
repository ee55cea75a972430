import { describe, expect, it } from 'vitest';
import { aggregate, cosine, type LocalOptions, norm, subtract, trainLocally } from './federated.ts';
import { createRandom, normal } from './random.ts';
import { lossAndGradient, type Parameters, parameterCount, zeroParameters } from './softmax-regression.ts';
import { makeSynthetic } from './synthetic.ts';

const [client] = makeSynthetic({ alpha: 1, beta: 1, clients: 1, seed: 3 });
if (!client) throw new Error('no data');
const { train } = client;
const options: LocalOptions = { epochs: 3, batchSize: 10, learningRate: 0.01, mu: 0 };
const constant = (value: number): Parameters => new Float32Array(parameterCount).fill(value);

describe('federated learning', () => {
  it('with one client is plain gradient descent', () => {
    const whole = { ...options, epochs: 5, batchSize: train.size };
    const { parameters } = trainLocally(zeroParameters(), train, whole, createRandom(1, 'x'));
    const plain = zeroParameters();
    const gradient = new Float64Array(parameterCount);
    for (let step = 0; step < 5; step++) {
      lossAndGradient(plain, train, [...train.y.keys()], gradient);
      for (let i = 0; i < parameterCount; i++) plain[i] = (plain[i] as number) - 0.01 * (gradient[i] as number);
    }
    const averaged = aggregate([{ parameters, sampleCount: train.size }]);
    expect(norm(subtract(averaged, plain))).toBeLessThan(1e-5 * norm(plain));
  });

  it('weights each update by its samples', () => {
    const updates = [
      { parameters: constant(1), sampleCount: 30 },
      { parameters: constant(5), sampleCount: 10 },
    ];
    expect(aggregate(updates)).toEqual(constant(2));
  });

  it('leaves the global model as it was', () => {
    const global = constant(0.1);
    trainLocally(global, train, options, createRandom(1, 'x'));
    expect(global).toEqual(constant(0.1));
  });

  it('stays nearer to the global model with a larger μ', () => {
    const distance = (mu: number) =>
      norm(trainLocally(zeroParameters(), train, { ...options, mu }, createRandom(1, 'x')).parameters);
    expect(distance(10)).toBeLessThan(distance(1));
    expect(distance(1)).toBeLessThan(distance(0));
  });

  it('compares directions, not lengths', () => {
    expect(cosine(constant(2), constant(7))).toBeCloseTo(1);
    expect(cosine(constant(2), constant(-1))).toBeCloseTo(-1);
    expect(cosine(constant(2), zeroParameters())).toBe(0);
  });
});

describe('chance', () => {
  it('repeats itself for a seed and a purpose, and only then', () => {
    const draws = (seed: number, purpose: string) => Array.from({ length: 5 }, createRandom(seed, purpose));
    expect(draws(1, 'a')).toEqual(draws(1, 'a'));
    expect(draws(1, 'a')).not.toEqual(draws(1, 'b'));
    expect(draws(1, 'a')).not.toEqual(draws(2, 'a'));
  });

  it('draws from the normal distribution', () => {
    const random = createRandom(1, 'normal');
    const draws = Array.from({ length: 20_000 }, () => normal(random, 3, 2));
    const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
    const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length;
    expect(Math.abs(mean - 3)).toBeLessThan(0.06);
    expect(Math.abs(variance - 4)).toBeLessThan(0.2);
  });
});

import { describe, expect, it } from 'vitest';
import { createRandom, normal } from './random.ts';
import { evaluate, lossAndGradient, parameterCount, zeroParameters } from './softmax-regression.ts';
import { classCount, type Dataset, featureCount, makeSynthetic, pool } from './synthetic.ts';

const [client] = makeSynthetic({ alpha: 1, beta: 1, clients: 1, seed: 5 });
if (!client) throw new Error('no data');
const data = client.train;
const rows = [0, 3, 7, 11, 12];

const randomParameters = () => {
  const random = createRandom(1, 'parameters');
  return Float32Array.from({ length: parameterCount }, () => normal(random, 0, 0.3));
};

describe('softmax regression', () => {
  it('has the gradient that finite differences give', () => {
    const parameters = randomParameters();
    const gradient = new Float64Array(parameterCount);
    lossAndGradient(parameters, data, rows, gradient);
    const scratch = new Float64Array(parameterCount);
    const lossAt = (index: number, shift: number) => {
      const shifted = parameters.slice();
      shifted[index] = (shifted[index] as number) + shift;
      return { loss: lossAndGradient(shifted, data, rows, scratch), at: shifted[index] as number };
    };
    for (let index = 0; index < parameterCount; index += 7) {
      const [above, below] = [lossAt(index, 1e-2), lossAt(index, -1e-2)];
      const slope = (above.loss - below.loss) / (above.at - below.at);
      expect(Math.abs(slope - (gradient[index] as number))).toBeLessThan(1e-3);
    }
  });

  it('knows nothing at zero: the loss is ln 10', () => {
    expect(evaluate(zeroParameters(), data).loss).toBeCloseTo(Math.log(classCount));
  });

  it('stays finite for scores far beyond what exp can take', () => {
    const parameters = randomParameters().map((value) => value * 1e5);
    const gradient = new Float64Array(parameterCount);
    expect(Number.isFinite(lossAndGradient(parameters, data, rows, gradient))).toBe(true);
    expect(gradient.every(Number.isFinite)).toBe(true);
    expect(Number.isFinite(evaluate(parameters, data).loss)).toBe(true);
  });

  it('classifies separable rows correctly', () => {
    const x = new Float32Array(2 * featureCount);
    x[0] = 1;
    x[featureCount + 1] = 1;
    const two: Dataset = { size: 2, x, y: Uint8Array.of(4, 9) };
    const parameters = zeroParameters();
    parameters[4 * featureCount] = 5;
    parameters[9 * featureCount + 1] = -5;
    expect(evaluate(parameters, two).accuracy).toBe(0.5);
    parameters[9 * featureCount + 1] = 5;
    expect(evaluate(parameters, two).accuracy).toBe(1);
  });
});

describe('Synthetic(α, β)', () => {
  const options = { alpha: 1, beta: 1, clients: 30, seed: 1 };

  it('is the same for the same seed only', () => {
    expect(makeSynthetic(options)).toEqual(makeSynthetic(options));
    expect(makeSynthetic({ ...options, seed: 2 })).not.toEqual(makeSynthetic(options));
  });

  it('gives each client 50 to 1,000 rows, a tenth of them held out, and very uneven sizes', () => {
    const sizes = makeSynthetic(options).map(({ train, test }) => {
      expect(test.size).toBe(train.size + test.size - Math.floor(0.9 * (train.size + test.size)));
      return train.size + test.size;
    });
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(50);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1_000);
    expect(Math.max(...sizes)).toBeGreaterThan(5 * Math.min(...sizes));
  });

  it('spreads the features as Σ_jj = j^-1.2', () => {
    const { train } = makeSynthetic(options).reduce((a, b) => (a.train.size > b.train.size ? a : b));
    const varianceOf = (j: number) => {
      const column = Array.from({ length: train.size }, (_, row) => train.x[row * featureCount + j] as number);
      const mean = column.reduce((sum, value) => sum + value, 0) / train.size;
      return column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / train.size;
    };
    for (const j of [0, 9, 59]) expect(varianceOf(j) / (j + 1) ** -1.2).toBeCloseTo(1, 0);
  });

  it('makes the clients differ more in their inputs with a larger β', () => {
    const spread = (beta: number) => {
      const means = makeSynthetic({ ...options, beta }).map(
        ({ train }) => train.x.reduce((sum, value) => sum + value, 0) / train.x.length,
      );
      return Math.max(...means) - Math.min(...means);
    };
    expect(spread(3)).toBeGreaterThan(2 * spread(0));
  });

  it('pools rows with their classes', () => {
    const parts = makeSynthetic({ ...options, clients: 2 }).map(({ test }) => test);
    const whole = pool(parts);
    expect(whole.size).toBe((parts[0]?.size ?? 0) + (parts[1]?.size ?? 0));
    expect([...whole.y]).toEqual(parts.flatMap(({ y }) => [...y]));
    expect(whole.x.at(-1)).toBe(parts[1]?.x.at(-1));
  });
});

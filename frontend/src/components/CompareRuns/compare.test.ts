import type { Series } from '@rondo/protocol';
import { describe, expect, it } from 'vitest';
import { compareConfigs, figuresOf, onSteps } from './compare.ts';

const series = (step: number[], value: Series['value']): Series => ({
  run_id: 'r' as Series['run_id'],
  name: 'global_loss',
  client_id: null,
  total: step.length,
  sampled: false,
  step,
  value,
  at: [],
});

describe('configs', () => {
  it('show what differs first, with nested keys by path and missing ones as missing', () => {
    const rows = compareConfigs([
      { config: { lr: 0.1, model: { name: 'cnn', layers: [1, 2] }, seed: 1 } },
      { config: { lr: 0.2, model: { name: 'cnn', layers: [1, 2] } } },
    ]);
    expect(rows.map(({ key, isDifferent }) => [key, isDifferent])).toEqual([
      ['lr', true],
      ['seed', true],
      ['model.layers', false],
      ['model.name', false],
    ]);
    expect(rows[1]?.values).toEqual(['1', null]);
  });
});

describe('lines', () => {
  it('do not bridge a value that is not finite', () => {
    expect(onSteps({ step: [1, 3, 5], value: [1, 'NaN', 3] }, [1, 2, 3, 4, 5])).toEqual([1, null, Number.NaN, null, 3]);
  });
});

describe('figures', () => {
  const loss = series([1, 2, 3, 4], [4, 1, 'NaN', 2]);

  it('take the last and the best finite value, and the value at a step', () => {
    expect(figuresOf(loss, true, 3)).toEqual({ last: 2, best: 1, best_step: 2, at: 1 });
    expect(figuresOf(loss, false, null)).toEqual({ last: 2, best: 4, best_step: 1, at: null });
  });

  it('of a series that does not exist are missing', () => {
    expect(figuresOf(undefined, true, 3)).toEqual({ last: null, best: null, best_step: null, at: null });
  });
});

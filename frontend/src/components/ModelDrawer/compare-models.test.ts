import type { ModelDetail } from '@rondo/protocol';
import { makeModel } from '@rondo/protocol/testing';
import { describe, expect, it } from 'vitest';
import { compareModels, lineageOf } from './compare-models.ts';

const model = (version: string, parent: string | null) => makeModel({ version, parent });

describe('lineage', () => {
  const models = [model('v1', null), model('v2', 'v1'), model('v3', 'v2'), model('v3b', 'v2'), model('lost', 'gone')];

  it('is the chain of parents, and what was trained from it', () => {
    expect(lineageOf('v2', 'v1', models)).toEqual({ ancestors: ['v1'], missing: null, children: ['v3', 'v3b'] });
    expect(lineageOf('v3', 'v2', models).ancestors).toEqual(['v1', 'v2']);
  });

  it('names a parent that is not there, and ends in a circle', () => {
    expect(lineageOf('lost', 'gone', models)).toEqual({ ancestors: [], missing: 'gone', children: [] });
    const circle = [model('a', 'b'), model('b', 'a')];
    expect(lineageOf('a', 'b', circle)).toEqual({ ancestors: ['b'], missing: null, children: ['b'] });
  });
});

describe('two checkpoints', () => {
  const detail = (given: Partial<ModelDetail>): ModelDetail =>
    ({ ...makeModel(), tensors: [], tensor_count: 0, created_by: null, round_metrics: {}, ...given }) as ModelDetail;

  it('stand beside each other with every metric of either, and the tensors that differ', () => {
    const tensor = (name: string, shape: number[]) => ({ name, dtype: 'F32', shape });
    const own = detail({
      metrics: { loss: 0.5, auc: 'NaN' },
      tensors: [tensor('w', [2, 3]), tensor('b', [3])],
      tensor_count: 2,
    });
    const other = detail({
      metrics: { loss: 0.25 },
      tensors: [tensor('w', [2, 4]), tensor('b', [3]), tensor('s', [])],
      tensor_count: 9,
    });
    expect(compareModels(own, other)).toEqual({
      metrics: [
        { name: 'auc', own: Number.NaN, other: null },
        { name: 'loss', own: 0.5, other: 0.25 },
      ],
      tensors: [
        { name: 'w', own: 'F32 2 × 3', other: 'F32 2 × 4' },
        { name: 's', own: null, other: 'F32 scalar' },
      ],
      isWhole: false,
    });
  });
});

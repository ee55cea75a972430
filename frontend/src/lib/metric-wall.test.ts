import { describe, expect, it } from 'vitest';
import { miniPath, nearestIndex } from '../charts/mini/mini-path.ts';
import { columnsFor, filterNames, heightOf, sectionsOf, tokenOfName, wallItems } from './metric-wall.ts';

const names = ['lr', 'train/loss', 'train/acc', 'val.loss', '/odd'];

describe('names of metrics', () => {
  it('are found by text and by regular expression', () => {
    expect(filterNames(names, ' LOSS ')).toEqual({ state: 'some', names: ['train/loss', 'val.loss'] });
    expect(filterNames(names, '/^train.*(ss|cc)$/')).toEqual({ state: 'some', names: ['train/loss', 'train/acc'] });
    expect(filterNames(names, '').state).toBe('all');
  });

  it('a regular expression that is none is said, and hides nothing silently', () => {
    expect(filterNames(names, '/(/')).toMatchObject({ state: 'broken' });
    // Not closed: a text that begins with a slash.
    expect(filterNames(names, '/odd')).toEqual({ state: 'some', names: ['/odd'] });
  });

  it('are in sections by what stands before the first slash or dot, pins first', () => {
    const sections = sectionsOf(names, ['val.loss', 'gone']);
    expect(sections.map(({ title, names: own }) => [title, own])).toEqual([
      ['Pinned', ['val.loss']],
      ['Without a prefix', ['lr', '/odd']],
      ['train', ['train/loss', 'train/acc']],
      ['val', ['val.loss']],
    ]);
    expect(sectionsOf(['a', 'b'], []).map(({ title }) => title)).toEqual(['Metrics']);
  });

  it('have one colour each', () => {
    expect(tokenOfName('grad_norm')).toBe(tokenOfName('grad_norm'));
    expect(tokenOfName('val/loss')).toBe('--loss');
  });
});

describe('the wall', () => {
  const many = Array.from({ length: 300 }, (_, at) => `layer${at % 3}/m${at}`);

  it('asks for 300 series in blocks of at most what a request may have', () => {
    const items = wallItems(sectionsOf(many, []), new Set(), 5);
    const blocks = items.filter((item) => item.kind === 'block');
    expect(blocks.flatMap((block) => block.names)).toHaveLength(300);
    expect(Math.max(...blocks.map((block) => block.names.length))).toBe(15);
  });

  it('has no cards in a section that is folded', () => {
    const sections = sectionsOf(many, []);
    const items = wallItems(sections, new Set(sections.map(({ key }) => key)), 4);
    expect(items.map(({ kind }) => kind)).toEqual(['heading', 'heading', 'heading']);
  });

  it('knows the height of a block before it is drawn', () => {
    expect(heightOf({ kind: 'block', key: '', names: many.slice(0, 6) }, 5)).toBe(2 * 144);
    expect([columnsFor(320), columnsFor(960), columnsFor(3_000)]).toEqual([1, 4, 5]);
  });
});

describe('a small chart', () => {
  it('has a gap where there is no value, and its ends at the least and the greatest', () => {
    const { segments, least, greatest } = miniPath({
      x: [0, 1, 2, 3],
      y: [1, null, 3, 2],
      range: { min: 0, max: 3 },
      width: 90,
      height: 20,
      isLog: false,
    });
    expect(segments).toEqual([
      [[0, 20]],
      [
        [60, 0],
        [90, 10],
      ],
    ]);
    expect([least, greatest]).toEqual([1, 3]);
  });

  it('scales to what is in sight, and a log axis leaves out what it cannot show', () => {
    const seen = miniPath({
      x: [0, 1, 2],
      y: [1e9, 1, 2],
      range: { min: 1, max: 2 },
      width: 10,
      height: 10,
      isLog: false,
    });
    expect([seen.least, seen.greatest]).toEqual([1, 2]);
    const log = miniPath({
      x: [0, 1, 2],
      y: [-1, 10, 100],
      range: { min: 0, max: 2 },
      width: 10,
      height: 10,
      isLog: true,
    });
    expect(log.segments.flat()).toHaveLength(2);
  });

  it('finds the value nearest to the cursor', () => {
    expect([nearestIndex([0, 10, 20], 14), nearestIndex([0, 10, 20], 16), nearestIndex([], 1)]).toEqual([1, 2, null]);
  });
});

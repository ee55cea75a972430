import { describe, expect, it } from 'vitest';
import { firstMatches, roundIn } from './palette-matches.ts';

describe('the palette', () => {
  it('finds names that contain every word, in their order and not more than asked for', () => {
    const items = ['eu-west-1', 'eu-west-2', 'us-west-1', 'EU-north'].map((name) => ({ name }));
    const names = (wanted: string, most = 10) => firstMatches(items, wanted, most).map(({ name }) => name);
    expect(names('eu')).toEqual(['eu-west-1', 'eu-west-2', 'EU-north']);
    expect(names('west 1')).toEqual(['eu-west-1', 'us-west-1']);
    expect(names('', 2)).toEqual(['eu-west-1', 'eu-west-2']);
    expect(names('mars')).toEqual([]);
  });

  it.each([
    ['37', 37],
    ['r37', 37],
    ['Round 37', 37],
    ['round', null],
    ['37a', null],
    ['-1', null],
    ['9'.repeat(16), null],
  ])('reads %j as round %j', (text, round) => expect(roundIn(text)).toBe(round));
});

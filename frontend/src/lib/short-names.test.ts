import { describe, expect, it } from 'vitest';
import { shortNames } from './short-names.ts';

const cut = (names: readonly string[]) => names.map(shortNames(names));

describe('[B18] names of siblings show where they differ', () => {
  it.each([
    [
      ['gw-000.plant-a', 'gw-001.plant-b'],
      ['000.plant-a', '001.plant-b'],
    ],
    [
      ['gw-000.plant-a', 'gw-017.plant-a'],
      ['000', '017'],
    ],
    [
      ['hospital-01', 'hospital-02'],
      ['01', '02'],
    ],
    [
      ['eu-west-0666', 'ap-south-0214'],
      ['eu-west-0666', 'ap-south-0214'],
    ],
  ])('%j', (names, expected) => expect(cut(names)).toEqual(expected));

  it('keeps names that fit, and a name that is alone', () => {
    expect(cut(['site-01', 'site-02'])).toEqual(['site-01', 'site-02']);
    expect(cut(['a-very-long-name-of-one-client'])).toEqual(['a-very-long-name-of-one-client']);
  });

  it('never makes two names alike or empty', () => {
    const names = ['prefix-a-suffix', 'prefix-suffix', 'prefix-b-suffix', 'prefix--suffix'];
    const short = cut(names);
    expect(new Set(short).size).toBe(names.length);
    expect(short).not.toContain('');
  });
});

import { expect, it } from 'vitest';
import { check, describe as describeFinding } from './checker.ts';
import { factsOf, nameOfFact } from './workload.ts';

const reported = new Set(['a', 'b', 'c']);

it.each([
  ['all that was acknowledged', ['a', 'b'], ['a', 'b'], null],
  ['what was reported and not acknowledged', ['a'], ['a', 'b', 'c'], null],
  ['less than was acknowledged', ['a', 'b'], ['a'], '1 lost (b)'],
  ['something twice', ['a'], ['a', 'a'], '1 doubled (a)'],
  ['what was never reported', ['a'], ['a', 'x'], '1 invented (x)'],
  ['nothing of much', ['a', 'b', 'c'], [], '3 lost (a, b, c)'],
])('a read with %s is judged', (_, acknowledged, read, finding) => {
  expect(describeFinding(check({ acknowledged, reported, read }))).toBe(finding);
});

it('no two facts of a workload have one name', () => {
  const names = Array.from({ length: 200 }, (_, step) => factsOf(step))
    .flat()
    .map(nameOfFact);
  expect(new Set(names).size).toBe(names.length);
});

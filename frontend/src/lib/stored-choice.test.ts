import { beforeEach, expect, it, vi } from 'vitest';
import { storedChoice } from './stored-choice.ts';

beforeEach(() => localStorage.clear());

const make = () => storedChoice({ key: 'rondo-test', values: ['usual', 'other', 'third'], attribute: 'test' } as const);

it('keeps what was chosen, tells the page, and leaves no trace of the usual', () => {
  const choice = make();
  const listener = vi.fn();
  const unsubscribe = choice.subscribe(listener);
  choice.choose('other');
  expect([choice.read(), make().read(), document.documentElement.dataset.test]).toEqual(['other', 'other', 'other']);
  choice.choose('usual');
  expect([choice.read(), localStorage.length, document.documentElement.dataset.test]).toEqual(['usual', 0, undefined]);
  unsubscribe();
  choice.choose('third');
  expect(listener).toHaveBeenCalledTimes(2);
});

it('takes a value that it does not know for the usual one', () => {
  localStorage.setItem('rondo-test', 'from another version');
  expect(make().read()).toBe('usual');
});

import { makeRun } from '@rondo/protocol/testing';
import { expect, it } from 'vitest';
import { changeOf, draftOf } from './run-draft.ts';

const before = draftOf(makeRun({ name: 'mnist', tags: ['a, b', 'c'], notes: 'x' }));

it('is no change while nothing differs', () => {
  expect(changeOf(before, { ...before })).toBeNull();
  expect(changeOf(before, { ...before, name: ' mnist ' })).toBeNull();
});

it('has only what was changed: tags that were not edited keep their commas', () => {
  expect(changeOf(before, { ...before, notes: '' })).toEqual({ notes: '' });
  expect(changeOf(before, { ...before, name: ' cifar ' })).toEqual({ name: 'cifar' });
});

it('reads tags between commas, each once, and none from an empty field', () => {
  expect(changeOf(before, { ...before, tags: ' good,, non-iid , good ' })).toEqual({ tags: ['good', 'non-iid'] });
  expect(changeOf(before, { ...before, tags: ' ' })).toEqual({ tags: [] });
});

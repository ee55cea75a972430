import { hasUnseen } from '@rondo/protocol';
import { expect, it } from 'vitest';
import { clipId } from './storable.ts';

it('[R3] [W5] writes what cannot be seen in an id as its code point', () => {
  const ids = ['c\u200B1', 'a\nb', '..', '\u202Eb', 'plain', '山田'];
  const written = ['c\\u{200b}1', 'a\\u{a}b', '\\u{2e}\\u{2e}', '\\u{202e}b', 'plain', '山田'];
  expect(ids.map((id) => clipId(id, 64))).toEqual(written);
  expect(written.some(hasUnseen)).toBe(false);
  expect(clipId('\u200B'.repeat(64), 64)).toHaveLength(64);
});

import { expect, it } from 'vitest';
import { createSealer } from './seal.ts';

it('[E8] what is sealed opens with the same key only, and not when it was changed', () => {
  const sealer = createSealer('a secret of at least thirty-two bytes');
  const sealed = sealer.seal('https://hooks.example.org/secret');
  expect(sealed).not.toContain('secret');
  expect(sealer.open(sealed)).toBe('https://hooks.example.org/secret');
  expect(sealer.seal('x')).not.toBe(sealer.seal('x'));
  expect(createSealer('another secret of thirty-two bytes').open(sealed)).toBeUndefined();
  const bytes = Buffer.from(sealed, 'base64');
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  expect(sealer.open(bytes.toString('base64'))).toBeUndefined();
  expect(sealer.open('')).toBeUndefined();
});

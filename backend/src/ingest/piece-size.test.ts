import { expect, it } from 'vitest';
import { PieceSize } from './piece-size.ts';

/** What a machine that needs `fullMs` for a full transaction comes to. */
function settledOn(fullMs: number): number {
  const size = new PieceSize();
  for (let n = 0; n < 20; n++) size.note(size.share * fullMs);
  return size.share;
}

it('[B3] a piece of a large batch takes as long on a slow machine as on a quick one', () => {
  expect(settledOn(100)).toBe(1 / 4);
  expect(settledOn(500) * 500).toBeCloseTo(50);
  expect(settledOn(100_000)).toBe(1 / 16);
});

it('[B3] one pause of the machine halves the next piece, and no more', () => {
  const size = new PieceSize();
  size.note(60_000);
  expect(size.share).toBe(1 / 8);
  size.note(1);
  expect(size.share).toBe(1 / 4);
});

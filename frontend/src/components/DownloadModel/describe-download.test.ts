import { expect, it } from 'vitest';
import { describeDownload } from './describe-download.ts';

const running = (received: number) => ({ state: 'running', received, started_at: 0, cancel: () => {} }) as const;
const plain = (text: string) => text.replaceAll('\u202f', ' ');

it('says how far, how fast and how much longer', () => {
  const words = describeDownload(running(500_000_000), 2_000_000_000, 10_000);
  expect(plain(words.long)).toBe('500 MB of 2.0 GB (25 %) · 50.0 MB/s · 30 s left');
  expect(plain(words.short)).toBe('25 %');
});

it('says no rate before there is one, and never more than there is', () => {
  expect(plain(describeDownload(running(0), 1_000, 5_000).long)).toBe('0 B of 1.0 kB (0 %)');
  expect(plain(describeDownload(running(999), 1_000, 10).long)).toBe('999 B of 1.0 kB (99 %)');
});

import { expect, it } from 'vitest';
import { auditQuery, readFilters } from './audit-query.ts';

const query = (text: string) => auditQuery(readFilters(new URLSearchParams(text)), 50, 0);

it('both days are included: the last one ends where the next begins', () => {
  const asked = query('from=2026-01-30&to=2026-01-31');
  const hours = (Date.parse(asked.get('to') ?? '') - Date.parse(asked.get('from') ?? '')) / 3_600_000;
  expect(hours).toBe(48);
});

it('a day that is none filters nothing', () => {
  expect(query('from=yesterday&actor=+ada+').toString()).toBe('actor=ada&limit=50&offset=0');
});

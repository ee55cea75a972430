import type { AttentionItem } from '@rondo/protocol';
import { expect, it } from 'vitest';
import { marksOf } from './useAttentionMarks.ts';

const item = (given: Partial<Record<keyof AttentionItem, unknown>>): AttentionItem =>
  ({ rule: 'straggler', severity: 'info', detail: '', evidence: {}, ...given }) as AttentionItem;

it('a client has the worst severity of its items, and all of them, the worst first', () => {
  const marks = marksOf([
    item({ severity: 'warning', client_id: 'a', detail: 'one' }),
    item({ severity: 'critical', client_id: 'a', detail: 'two' }),
    item({ severity: 'info', client_ids: ['a', 'b'], detail: 'three' }),
    item({ severity: 'critical', rule: 'round_failed', detail: 'of the run' }),
  ]);
  expect([...marks.keys()]).toEqual(['a', 'b']);
  expect(marks.get('a')?.severity).toBe('critical');
  expect(marks.get('a')?.items.map(({ detail }) => detail)).toEqual(['two', 'one', 'three']);
  expect(marks.get('b')?.severity).toBe('info');
});

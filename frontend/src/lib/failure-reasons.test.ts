import { describe, expect, it } from 'vitest';
import { groupReasons, mainLineOf, reasonKeyOf } from './failure-reasons.ts';

const failed = (error: string | null, client_id = 'c') => ({ client_id, outcome: 'failed' as const, error });

describe('reasons of failure', () => {
  it('are one when they differ in numbers and addresses only', () => {
    const groups = groupReasons([
      failed('CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0)'),
      failed('CUDA out of memory. Tried to allocate 512.00 MiB (GPU 0)'),
      failed('CUDA out of memory. Tried to allocate 4.00 GiB (GPU 1)'),
      failed('RuntimeError: DataLoader worker (pid 4121) is killed'),
      failed('RuntimeError: DataLoader worker (pid 17) is killed'),
      failed('RuntimeError: DataLoader worker (pid 18) is killed'),
      { client_id: 'ok', outcome: 'complete', error: null },
      { client_id: 'gone', outcome: 'no_reply', error: null },
    ]);
    expect(groups.map(({ count }) => count)).toEqual([3, 2, 1]);
    expect(groups[0]?.title).toBe('RuntimeError: DataLoader worker (pid 4121) is killed');
    expect(reasonKeyOf('object at 0x7f3a2c')).toBe(reasonKeyOf('object at 0x11'));
  });

  it('of a traceback are its last line', () => {
    expect(mainLineOf('Traceback (most recent call last):\n  File "a.py", line 3\n    x()\nValueError: no\n\n')).toBe(
      'ValueError: no',
    );
    expect(mainLineOf('ConnectionResetError: reset\nsecond line')).toBe('ConnectionResetError: reset');
  });

  it('that were not reported are a group of their own', () => {
    expect(groupReasons([failed(null), failed(null), failed(' \n ')])).toEqual([
      { key: 'no reason was reported', title: 'no reason was reported', example: 'no reason was reported', count: 3 },
    ]);
  });

  it('come by count, and by name where counts are equal', () => {
    expect(groupReasons([failed('b'), failed('a'), failed('c'), failed('c')]).map(({ key }) => key)).toEqual([
      'c',
      'a',
      'b',
    ]);
  });
});

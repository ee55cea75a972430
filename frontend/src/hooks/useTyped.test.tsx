import { act, renderHook } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import { useTyped } from './useTyped.ts';

it('shows what is typed while the address lags, and the address once the field is left', () => {
  const save = vi.fn();
  const { result, rerender } = renderHook(({ value }) => useTyped(value, save), { initialProps: { value: '' } });
  for (const value of ['r', 'ro', 'rou']) act(() => result.current.onChange({ target: { value } }));
  expect(result.current.value).toBe('rou');
  expect(save.mock.calls).toEqual([['r'], ['ro'], ['rou']]);
  act(() => result.current.onBlur());
  rerender({ value: 'from a link' });
  expect(result.current.value).toBe('from a link');
});

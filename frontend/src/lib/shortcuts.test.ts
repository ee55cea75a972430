import { describe, expect, it } from 'vitest';
import { keyCaps, noKeys, pressKey, shortcuts } from './shortcuts.ts';

const plain = { ctrlKey: false, metaKey: false, altKey: false };
const press = (keys: readonly string[], gapMs = 100) =>
  keys.reduce((state, key, index) => pressKey(state, { ...plain, key }, index * gapMs), noKeys);

describe('shortcuts', () => {
  it('have different keys, and no shortcut is the beginning of another', () => {
    const all = shortcuts.map(({ keys }) => keys as string);
    expect(new Set(all).size).toBe(all.length);
    for (const keys of all) expect(all.filter((other) => other.startsWith(`${keys} `))).toEqual([]);
  });

  it.each(shortcuts.filter(({ keys }) => !keys.includes('+')).map(({ keys, action }) => [keys, action] as const))(
    '%s does %s',
    (keys, action) => expect(press(keys.split(' ')).action).toBe(action),
  );

  it('a second key that comes too late, or does not follow, does nothing', () => {
    expect(press(['g', 'r'], 2_000).action).toBeNull();
    expect(press(['g', 'x']).action).toBeNull();
    expect(press(['g', 'g', 'r']).action).toBe('go:/runs');
  });

  it('Ctrl and ⌘ open the palette; Alt leaves the key to the browser', () => {
    expect(pressKey(noKeys, { ...plain, ctrlKey: true, key: 'k' }, 0).action).toBe('palette');
    expect(pressKey(noKeys, { ...plain, metaKey: true, key: 'K' }, 0).action).toBe('palette');
    expect(pressKey(noKeys, { ...plain, altKey: true, key: 'f' }, 0).action).toBeNull();
    expect(pressKey(noKeys, { ...plain, ctrlKey: true, key: 'f' }, 0).action).toBeNull();
  });

  it('are written as on the keyboard', () => {
    expect(keyCaps('mod+k', false)).toEqual(['Ctrl', 'K']);
    expect(keyCaps('mod+k', true)).toEqual(['⌘', 'K']);
    expect(keyCaps('g r', false)).toEqual(['G', 'R']);
  });
});

import { expect, it } from 'vitest';
import { factSchema } from './facts.ts';
import { usernameSchema } from './http/auth.ts';
import { clientIdSchema } from './values.ts';

it.each(['admin', 'ada.lovelace', 'müller', 'александр', '山田たろう', 'user-1', 'ada@example.org', 'Ζωή', 'أحمد'])(
  '[L2] a name of one language may be a username: %s',
  (name) => {
    expect(usernameSchema.safeParse(name).success).toBe(true);
  },
);

it.each([
  ['a Cyrillic letter among Latin ones', '\u0430dmin'],
  ['a Greek letter among Latin ones', 'adm\u03B9n'],
  ['a combining grapheme joiner', 'admin\u034F'],
  ['a Hangul filler', 'admin\u3164'],
  ['a variation selector', 'admin\uFE0F'],
  ['a zero-width space', 'ad\u200Bmin'],
  ['a right-to-left override', '\u202Enimda'],
  ['full-width letters', '\uFF41dmin'],
  ['a ligature', '\uFB01nn'],
  ['letters that could be composed', 'mu\u0308ller'],
])('[L2] a username with %s is refused', (_, name) => {
  expect(usernameSchema.safeParse(name).success).toBe(false);
});

const at = '2026-01-31T12:00:00Z';
const joined = (run_id: string, client_id: string) =>
  factSchema.safeParse({ type: 'client_joined', run_id, at, client_id }).success;

it('[W5] every control and invisible code point is refused in a new id, and no other sign', () => {
  const wrong: string[] = [];
  for (let code = 0; code <= 0xe_0fff; code += code < 0x3000 ? 1 : 37) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const character = String.fromCodePoint(code);
    const isUnseen = /[\p{Cc}\p{Zl}\p{Zp}\p{DI}]/u.test(character);
    if (joined('run', `a${character}`) === isUnseen || joined(`a${character}`, 'c') === isUnseen)
      wrong.push(code.toString(16));
  }
  expect(wrong).toEqual([]);
});

it('[W5] [L10] a run cannot be called . or .., which browsers remove from an address', () => {
  expect(['.', '..', '...', 'a.'].map((id) => joined(id, 'c'))).toEqual([false, false, true, true]);
});

it('[W5] an id that was stored before stays readable', () => {
  expect(clientIdSchema.safeParse('c\u200B1').success).toBe(true);
});

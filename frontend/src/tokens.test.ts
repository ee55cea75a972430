import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(`${import.meta.dirname}/styles.css`, 'utf8');
const tokens = new Map(
  [...css.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(([, name, light, dark]) => [
    name,
    { light, dark },
  ]),
);

/** WCAG 2.2, relative luminance and contrast ratio. */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5]
    .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

const text = ['text', 'soft', 'muted', 'faint', 'accent', 'returned', 'failed', 'no-reply'];
const marks = ['waiting', 'edge', 'loss', 'accuracy', 'returned', 'failed', 'no-reply', 'accent'];
const grounds = ['ground', 'panel', 'raised'];

describe.each(['light', 'dark'] as const)('in the %s theme', (theme) => {
  const colour = (name: string) => tokens.get(name)?.[theme] ?? expect.fail(`no token --${name}`);

  it.each(text.flatMap((name) => grounds.map((ground) => [name, ground] as const)))(
    'text in --%s on --%s has a contrast of 4.5',
    (name, ground) => expect(contrast(colour(name), colour(ground))).toBeGreaterThanOrEqual(4.5),
  );

  it.each(marks.map((name) => [name]))('a mark in --%s stands out from the panel by 3', (name) =>
    expect(contrast(colour(name), colour('panel'))).toBeGreaterThanOrEqual(3),
  );

  it('text on the accent can be read', () =>
    expect(contrast(colour('on-accent'), colour('accent'))).toBeGreaterThanOrEqual(4.5));
});

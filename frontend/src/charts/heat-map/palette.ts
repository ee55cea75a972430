import type { HeatPalette } from './paint.ts';
import { shades } from './shades.ts';

type Rgb = readonly [red: number, green: number, blue: number];

/** A colour as the browser computes it: `rgb(1, 2, 3)` or `rgba(1, 2, 3, 0.5)`. */
export function parseRgb(text: string): Rgb {
  const [red = 0, green = 0, blue = 0] = [...text.matchAll(/[\d.]+/g)].map(([number]) => Number(number));
  return [red, green, blue];
}

const pack = ([red, green, blue]: Rgb): number =>
  ((255 << 24) | (Math.round(blue) << 16) | (Math.round(green) << 8) | Math.round(red)) >>> 0;

const mix = (a: Rgb, b: Rgb, share: number): Rgb => [
  a[0] + (b[0] - a[0]) * share,
  a[1] + (b[1] - a[1]) * share,
  a[2] + (b[2] - a[2]) * share,
];

/** Colours from good to bad through evenly spaced stops. Missing cells are transparent. */
export function rampPalette(stops: readonly Rgb[], notFinite: readonly [Rgb, Rgb]): HeatPalette {
  const colours = new Uint32Array(256);
  for (let shade = shades.least; shade <= shades.greatest; shade++) {
    const at = ((shade - shades.least) / (shades.greatest - shades.least)) * (stops.length - 1);
    const first = Math.min(stops.length - 2, Math.floor(at));
    colours[shade] = pack(mix(stops[first] as Rgb, stops[first + 1] as Rgb, at - first));
  }
  colours[shades.notFinite] = pack(notFinite[0]);
  return { colours, stripe: pack(notFinite[1]), striped: shades.notFinite };
}

/** A colour for each of a few kinds; the kinds are the shades, and one of them has stripes. */
export function kindPalette(
  kinds: ReadonlyMap<number, Rgb>,
  striped: { readonly shade: number; readonly colour: Rgb },
): HeatPalette {
  const colours = new Uint32Array(256);
  for (const [shade, colour] of kinds) colours[shade] = pack(colour);
  return { colours, stripe: pack(striped.colour), striped: striped.shade };
}

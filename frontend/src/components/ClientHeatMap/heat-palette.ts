import type { HeatPalette } from '../../charts/heat-map/paint.ts';
import { kindPalette, parseRgb, rampPalette } from '../../charts/heat-map/palette.ts';
import { readToken } from '../../lib/theme.ts';
import { outcomeShades } from './heat-cells.ts';
import type { HeatMeasure } from './measures.ts';

export const outcomeTokens = {
  complete: '--heat-returned',
  pending: '--heat-waiting',
  unreported: '--heat-unreported',
  no_reply: '--heat-no-reply',
  failed: '--heat-failed',
} as const;

/** From quiet to loud; lightness rises or falls in one direction, so that the order survives without colour. */
export const rampTokens = ['--heat-1', '--heat-2', '--heat-3', '--heat-4'] as const;

/** The colours of the present theme. */
export function heatPalette(measure: HeatMeasure): HeatPalette {
  const read = (token: string) => parseRgb(readToken(token));
  if (measure.matrix === 'outcome') {
    const kinds = Object.entries(outcomeTokens).map(
      ([outcome, token]) => [outcomeShades[outcome as keyof typeof outcomeTokens], read(token)] as const,
    );
    return kindPalette(new Map(kinds), { shade: outcomeShades.unreported, colour: read('--panel') });
  }
  return rampPalette(rampTokens.map(read), [read('--failed'), read('--panel')]);
}

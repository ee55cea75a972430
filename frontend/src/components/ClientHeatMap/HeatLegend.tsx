import type { ShadeScale } from '../../charts/heat-map/shades.ts';
import { outcomeTokens, rampTokens } from './heat-palette.ts';
import type { HeatMeasure } from './measures.ts';

const outcomeWords: Record<keyof typeof outcomeTokens, string> = {
  complete: 'returned',
  pending: 'waiting',
  no_reply: 'no reply',
  failed: 'failed',
  unreported: 'not reported',
};

/** What the colours mean. A missing cell has the colour of the panel, one that is not finite or not reported has stripes. */
export function HeatLegend({ measure, scale }: { readonly measure: HeatMeasure; readonly scale: ShadeScale | null }) {
  if (scale === null) {
    return (
      <ul aria-label="Colours" className="flex flex-wrap gap-x-3">
        {Object.entries(outcomeTokens).map(([outcome, token]) => (
          <li key={outcome} className="flex items-center gap-1.5">
            <span
              aria-hidden
              className="size-2.5 rounded-[2px]"
              style={{
                background:
                  outcome === 'unreported'
                    ? `repeating-linear-gradient(45deg, var(${token}) 0 2px, var(--panel) 2px 4px)`
                    : `var(${token})`,
              }}
            />
            {outcomeWords[outcome as keyof typeof outcomeWords]}
          </li>
        ))}
      </ul>
    );
  }
  const [first, last] = scale.isLowBad ? [scale.max, scale.min] : [scale.min, scale.max];
  const stops = rampTokens.map((token) => `var(${token})`).join(', ');
  return (
    <span className="flex items-center gap-1.5">
      {measure.format(first)}
      <span
        aria-hidden
        className="h-2.5 w-24 rounded-[2px]"
        style={{ background: `linear-gradient(90deg, ${stops})` }}
      />
      {measure.format(last)}
      <span
        aria-hidden
        className="ml-2 size-2.5 rounded-[2px]"
        style={{ background: 'repeating-linear-gradient(45deg, var(--failed) 0 2px, var(--panel) 2px 4px)' }}
      />
      NaN
    </span>
  );
}

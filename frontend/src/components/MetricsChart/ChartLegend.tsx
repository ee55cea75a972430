import { markLooks, markShapes } from '../../charts/marks.ts';
import type { Prepared } from '../../charts/prepare.ts';
import type { Line } from '../../charts/types.ts';
import { useRoundCount } from '../../hooks/useAllRounds.ts';
import { formatCount, noValue, plural } from '../../lib/format.ts';
import type { Overview } from './overview.ts';

interface ChartLegendProps {
  readonly overview: Overview;
  readonly prepared: Prepared;
  /** Where the cursor is; `null` shows the newest. */
  readonly cursor: number | null;
  readonly xEnd: number | null;
  /** The measure whose spread was asked for. */
  readonly band: string;
}

/** The values under the cursor, else the newest ones; and what the chart does not show. */
export function ChartLegend({ overview, prepared, cursor, xEnd, band }: ChartLegendProps) {
  const { lines, rounds, marks, bands } = overview;
  const round = cursor === null ? undefined : rounds[cursor];
  const last = rounds.at(-1) ?? 0;
  const count = useRoundCount();
  const omissions = [
    prepared.nonFinite > 0 && `${plural(prepared.nonFinite, 'NaN or infinite value')} shown as a gap`,
    prepared.hiddenByLog > 0 && `${plural(prepared.hiddenByLog, 'value')} at or below 0 not on the log axis`,
  ].filter((text) => text !== false);
  const kinds = [...new Set(marks.map(({ kind }) => kind))];
  return (
    <div className="mt-3 flex flex-wrap justify-between gap-x-6 gap-y-1 text-xs text-soft">
      <ul className="flex flex-wrap gap-x-4 gap-y-1">
        {lines
          .filter(({ look }) => look !== 'edge')
          .map((line) => (
            <li key={line.key} className="flex items-center gap-2">
              {line.look === 'thin' ? (
                <span
                  aria-hidden
                  className="w-3.5 border-t-2 border-dashed"
                  style={{ borderColor: `var(${line.token})` }}
                />
              ) : (
                <span aria-hidden className="size-2.5 rounded-xs" style={{ background: `var(${line.token})` }} />
              )}
              {line.label}
              <span className="min-w-12 font-medium text-text">{valueText(line, cursor)}</span>
            </li>
          ))}
        {bands.map(({ token }) => (
          <li key={token} className="flex items-center gap-2">
            <span aria-hidden className="size-2.5 rounded-xs opacity-30" style={{ background: `var(${token})` }} />
            middle half of the clients
          </li>
        ))}
        {band !== 'none' && bands.length === 0 && (
          <li className="text-muted">no client reported {band.replaceAll('_', ' ')}</li>
        )}
        {kinds.map((kind) => (
          <li key={kind} className="flex items-center gap-1.5">
            <MarkGlyph kind={kind} />
            {markLooks[kind].word}
          </li>
        ))}
        {omissions.map((text) => (
          <li key={text} className="text-no-reply">
            {text}
          </li>
        ))}
      </ul>
      <p className="text-muted">
        {round !== undefined
          ? `round ${round}`
          : xEnd === null
            ? plural(count ?? rounds.length, 'round')
            : `up to round ${formatCount(last)} of ${formatCount(xEnd)}`}
      </p>
    </div>
  );
}

function valueText(line: Line, cursor: number | null): string {
  const value = cursor === null ? line.values.findLast((known) => known !== null) : line.values[cursor];
  return value === null || value === undefined ? noValue : line.format(value);
}

function MarkGlyph({ kind }: { readonly kind: keyof typeof markShapes }) {
  const path = markShapes[kind]
    .map((shape) => shape.map(([x, y], at) => `${at === 0 ? 'M' : 'L'}${6 + x * 4} ${6 + y * 4}`).join(''))
    .join('');
  return (
    <svg aria-hidden viewBox="-1 -4 14 16" className="h-4 w-3.5">
      <path d={path} fill="none" strokeWidth="1.5" stroke={`var(${markLooks[kind].token})`} />
    </svg>
  );
}

import type { HistoryPoint } from '@rondo/protocol';
import type { Prepared } from '../../charts/prepare.ts';
import type { Line } from '../../charts/types.ts';
import { useRoundCount } from '../../hooks/useAllRounds.ts';
import { formatCount, noValue, plural } from '../../lib/format.ts';

interface ChartLegendProps {
  readonly history: readonly HistoryPoint[];
  readonly lines: readonly Line[];
  readonly prepared: Prepared;
  /** Where the cursor is; `null` shows the newest. */
  readonly cursor: number | null;
  readonly xEnd: number | null;
}

/** The values under the cursor, else the newest ones; and what the chart does not show. */
export function ChartLegend({ history, lines, prepared, cursor, xEnd }: ChartLegendProps) {
  const point = cursor === null ? undefined : history[cursor];
  const last = history.at(-1)?.round ?? 0;
  const count = useRoundCount();
  const omissions = [
    prepared.nonFinite > 0 && `${plural(prepared.nonFinite, 'NaN or infinite value')} shown as a gap`,
    prepared.hiddenByLog > 0 && `${plural(prepared.hiddenByLog, 'value')} at or below 0 not on the log axis`,
  ].filter((text) => text !== false);
  return (
    <div className="mt-3 flex flex-wrap justify-between gap-x-6 gap-y-1 text-xs text-soft">
      <ul className="flex flex-wrap gap-x-4 gap-y-1">
        {lines.map((line) => (
          <li key={line.key} className="flex items-center gap-2">
            <span aria-hidden className="size-2.5 rounded-xs" style={{ background: `var(${line.token})` }} />
            {line.label}
            <span className="min-w-12 font-medium text-text">{valueText(line, cursor)}</span>
          </li>
        ))}
        {omissions.map((text) => (
          <li key={text} className="text-no-reply">
            {text}
          </li>
        ))}
      </ul>
      <p className="text-muted">
        {point
          ? `round ${point.round}`
          : xEnd === null
            ? plural(count ?? history.length, 'round')
            : `up to round ${formatCount(last)} of ${formatCount(xEnd)}`}
      </p>
    </div>
  );
}

function valueText(line: Line, cursor: number | null): string {
  const value = cursor === null ? line.values.findLast((known) => known !== null) : line.values[cursor];
  return value === null || value === undefined ? noValue : line.format(value);
}

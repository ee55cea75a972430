import { useMemo } from 'react';
import type { HeatView } from '../../charts/heat-map/paint.ts';
import type { AttentionMark } from '../../hooks/useAttentionMarks.ts';

interface RowMarksProps {
  readonly marks: ReadonlyMap<string, AttentionMark>;
  /** In the order of the rows. */
  readonly clientIds: readonly string[];
  readonly view: HeatView;
}

/** Beside the rows, those that the attention list names; the readout of a cell says why. */
export function RowMarks({ marks, clientIds, view }: RowMarksProps) {
  const rows = useMemo(
    () =>
      clientIds.flatMap((id, row) => {
        const mark = marks.get(id);
        return mark === undefined || mark.severity === 'info' ? [] : [{ id, row, severity: mark.severity }];
      }),
    [marks, clientIds],
  );
  if (rows.length === 0) return null;
  return (
    <svg
      aria-hidden
      viewBox={`0 ${view.firstRow} 1 ${Math.max(view.rows, 1e-6)}`}
      preserveAspectRatio="none"
      className="mr-1 h-full w-2 shrink-0"
    >
      <title>Needs attention</title>
      {rows.map(({ id, row, severity }) => (
        // A critical mark is as wide as the strip, a warning half as wide; neither is ever thinner than a few pixels.
        <line
          key={id}
          x1={severity === 'critical' ? 0 : 0.5}
          x2={1}
          y1={row + 0.5}
          y2={row + 0.5}
          strokeWidth={4}
          vectorEffect="non-scaling-stroke"
          stroke={severity === 'critical' ? 'var(--failed)' : 'var(--no-reply)'}
        />
      ))}
    </svg>
  );
}

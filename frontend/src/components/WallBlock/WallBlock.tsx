import { useMemo } from 'react';
import type { SharedCursor } from '../../charts/mini/shared-cursor.ts';
import type { Range } from '../../charts/types.ts';
import { useFLData } from '../../hooks/useFLData.ts';
import { useManySeries } from '../../hooks/useManySeries.ts';
import { cardGap, cardHeight } from '../../lib/metric-wall.ts';
import type { ChartView } from '../ui/chart-view.ts';
import { MetricCard } from './MetricCard.tsx';

interface WallBlockProps {
  readonly run_id: string;
  readonly names: readonly string[];
  readonly columns: number;
  readonly view: ChartView;
  readonly cursor: SharedCursor;
  readonly pins: readonly string[];
  readonly onPin: (name: string) => void;
  readonly onZoom: (range: Range | null) => void;
  readonly toOf: (name: string) => string;
}

/** Some rows of cards, whose series come in one request. It exists only while it is in sight. */
export function WallBlock(props: WallBlockProps) {
  const { run_id, names, columns, view, cursor, pins, onPin, onZoom, toOf } = props;
  const isRunning = useFLData(({ viewer }) => viewer.run_id === run_id && viewer.run?.status === 'running');
  const { data, error } = useManySeries(run_id, names, view.x.key, isRunning);
  const byName = useMemo(() => new Map((data?.items ?? []).map((series) => [series.name, series])), [data]);
  return (
    <div
      className="grid"
      style={{ gap: cardGap, gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`, gridAutoRows: cardHeight }}
    >
      {names.map((name) => (
        <MetricCard
          key={name}
          name={name}
          series={byName.get(name)}
          view={view}
          cursor={cursor}
          isPinned={pins.includes(name)}
          onPin={onPin}
          onZoom={onZoom}
          to={toOf(name)}
        />
      ))}
      {error !== undefined && data === undefined && (
        <p role="alert" className="text-xs text-failed">
          These series could not be loaded. It is tried again by itself.
        </p>
      )}
    </div>
  );
}

import { useCallback, useMemo, useState } from 'react';
import { createSharedCursor } from '../../charts/mini/shared-cursor.ts';
import { useSize } from '../../charts/use-size.ts';
import { useAddress } from '../../hooks/useAddress.ts';
import { useFLData, useMetricNames } from '../../hooks/useFLData.ts';
import { usePins } from '../../hooks/usePins.ts';
import { columnsFor } from '../../lib/metric-wall.ts';
import { runPath } from '../../lib/run-tabs.ts';
import { readChartView } from '../ui/chart-view.ts';
import { Panel } from '../ui/Panel.tsx';
import { WallBlock } from '../WallBlock/WallBlock.tsx';

/** Shown where nothing is pinned and the run reports neither loss nor accuracy. */
const mostUnpinned = 4;

/** The range belongs to the curve above. */
const ignore = () => {};

/** The pinned metrics on the overview; in a run without loss and accuracy, the first that it has. */
export function PinnedMetrics({ run_id }: { readonly run_id: string }) {
  const [pins, togglePin] = usePins();
  const hasCurve = useFLData(({ viewer }) => viewer.metrics_history.length > 0);
  const answer = useMetricNames(run_id, null, 'all');
  const [params] = useAddress();
  const smooth = params.get('smooth') ?? '';
  // The range of the curve is of rounds, and these are by step.
  const view = useMemo(() => readChartView(new URLSearchParams({ smooth }), 'step'), [smooth]);
  const [cursor] = useState(createSharedCursor);
  const [box, { width }] = useSize<HTMLDivElement>();
  const names = useMemo(() => {
    const known = (answer.data?.items ?? []).map(({ name }) => name);
    const pinned = pins.filter((name) => known.includes(name));
    return pinned.length > 0 || hasCurve ? pinned : known.slice(0, mostUnpinned);
  }, [answer.data, pins, hasCurve]);
  const toOf = useCallback(
    (name: string) => `${runPath(run_id, 'metrics')}?${new URLSearchParams({ name })}`,
    [run_id],
  );
  if (names.length === 0) return null;
  return (
    <Panel title={pins.length > 0 ? 'Pinned metrics' : 'Metrics'} testId="pinned-metrics">
      <div ref={box}>
        <WallBlock
          run_id={run_id}
          names={names}
          columns={columnsFor(width)}
          view={view}
          cursor={cursor}
          pins={pins}
          onPin={togglePin}
          onZoom={ignore}
          toOf={toOf}
        />
      </div>
    </Panel>
  );
}

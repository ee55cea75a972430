import { useMemo, useState } from 'react';
import { LineChart } from '../../charts/LineChart.tsx';
import { prepare } from '../../charts/prepare.ts';
import type { Range } from '../../charts/types.ts';
import { useFLData } from '../../hooks/useFLData.ts';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Panel } from '../ui/Panel.tsx';
import { ChartControls, type ChartSettings } from './ChartControls.tsx';
import { ChartLegend } from './ChartLegend.tsx';
import { HistoryTable } from './HistoryTable.tsx';
import { linesOf } from './history-lines.ts';

const untouched: ChartSettings = { smoothing: 0, isLog: false, isTable: false };

interface MetricsChartProps {
  /** The rounds that are shown; null shows all. */
  readonly zoom: Range | null;
  readonly onZoom: (rounds: Range | null) => void;
}

/** Is it learning? Loss and accuracy by round. */
export function MetricsChart({ zoom: range, onZoom }: MetricsChartProps) {
  const history = useFLData((state) => state.viewer.metrics_history);
  const xEnd = useFLData((state) => state.viewer.run?.num_rounds ?? null);
  const [settings, setSettings] = useState(untouched);
  const [cursor, setCursor] = useState<number | null>(null);

  const lines = useMemo(() => linesOf(history), [history]);
  const prepared = useMemo(
    () =>
      prepare({
        x: history.map((point) => point.round),
        lines,
        smoothing: settings.smoothing,
        isLog: settings.isLog,
        xEnd,
      }),
    [history, lines, settings.smoothing, settings.isLog, xEnd],
  );

  const describe = (index: number) =>
    `round ${history[index]?.round}: ${lines
      .map((line) => {
        const value = line.values[index] ?? null;
        return `${line.label} ${value === null ? 'not reported' : line.format(value)}`;
      })
      .join(', ')}`;

  return (
    <Panel
      title="Training progress"
      className="flex grow flex-col"
      actions={
        <ChartControls
          settings={settings}
          onSettings={setSettings}
          zoom={range}
          domain={prepared.domain}
          onZoom={onZoom}
          history={history}
        />
      }
    >
      <div
        className="flex min-h-0 grow flex-col"
        data-testid="metrics-chart"
        data-points={prepared.points}
        data-last-round={history.at(-1)?.round}
      >
        {history.length === 0 ? (
          <div className="flex h-80 items-center justify-center">
            <EmptyState title="No values yet">
              Loss and accuracy are drawn here from the first round that reports them.
            </EmptyState>
          </div>
        ) : settings.isTable ? (
          <HistoryTable history={history} />
        ) : (
          <>
            <div className="relative min-h-[clamp(260px,40vh,480px)] grow">
              <div className="absolute inset-0">
                <LineChart
                  label="Training progress"
                  xName="round"
                  lines={lines}
                  prepared={prepared}
                  zoom={range}
                  onZoom={onZoom}
                  onCursor={setCursor}
                  describe={describe}
                />
              </div>
            </div>
            <ChartLegend history={history} lines={lines} prepared={prepared} cursor={cursor} xEnd={xEnd} />
          </>
        )}
      </div>
    </Panel>
  );
}

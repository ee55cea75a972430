import type { Series } from '@rondo/protocol';
import { ZoomIn } from 'lucide-react';
import type { ChartPicture } from '../../charts/export/chart-svg.ts';
import { zoomIn } from '../../charts/prepare.ts';
import type { Range } from '../../charts/types.ts';
import type { AddressChange } from '../../hooks/useAddress.ts';
import { toCsv } from '../../lib/csv.ts';
import { placedSeries, placesOf } from '../../lib/placed-series.ts';
import { numberOf } from '../../lib/values.ts';
import { ChartMenu } from '../ChartMenu/ChartMenu.tsx';
import { Button } from '../ui/Button.tsx';
import { type ChartView, writeTable } from '../ui/chart-view.ts';
import { SmoothingSelect, XSelect, YSelect } from '../ui/ViewSelects.tsx';

interface SeriesControlsProps {
  readonly series: Series | undefined;
  readonly view: ChartView;
  readonly change: (change: AddressChange) => void;
  readonly onZoom: (range: Range | null) => void;
  readonly picture: (() => ChartPicture) | null;
}

export function SeriesControls({ series, view, change, onZoom, picture }: SeriesControlsProps) {
  const places = series === undefined ? [] : placesOf(placedSeries(series));
  const isEmpty = places.length === 0;
  const noChart = isEmpty || view.isTable;
  return (
    <div className="flex flex-wrap items-center gap-1.5">
      {view.zoom !== null && (
        <Button size="small" onClick={() => onZoom(null)}>
          Reset zoom
        </Button>
      )}
      <Button
        size="smallIcon"
        aria-label="Zoom in on the newest half"
        title="Zoom in on the newest half (or drag across the chart; ctrl and the wheel zoom, shift and a drag move)"
        disabled={noChart}
        onClick={() => onZoom(zoomIn(view.zoom ?? { min: places[0] ?? 0, max: places.at(-1) ?? 1 }))}
      >
        <ZoomIn aria-hidden size={14} />
      </Button>
      <XSelect view={view} change={change} usual="step" />
      <SmoothingSelect view={view} change={change} disabled={noChart} />
      <YSelect view={view} change={change} disabled={noChart} />
      <ChartMenu
        what="the series"
        isDisabled={isEmpty}
        filename={
          series ? `${series.run_id}-${series.name}${series.client_id === null ? '' : `-${series.client_id}`}` : ''
        }
        picture={picture}
        csv={() => (series ? seriesCsv(series) : '')}
        table={{ isOn: view.isTable, onChange: (isOn) => change(writeTable(isOn)) }}
      />
    </div>
  );
}

const seriesCsv = ({ step, value, at, x }: Series): string =>
  toCsv(
    ['step', 'value', 'at', ...(x === undefined ? [] : ['x'])],
    step.map((each, index) => [
      each,
      numberOf(value[index]),
      at[index] ?? null,
      ...(x === undefined ? [] : [x[index] ?? null]),
    ]),
  );

import { ZoomIn } from 'lucide-react';
import type { ChartPicture } from '../../charts/export/chart-svg.ts';
import { zoomIn } from '../../charts/prepare.ts';
import type { Range } from '../../charts/types.ts';
import type { AddressChange } from '../../hooks/useAddress.ts';
import { ChartMenu } from '../ChartMenu/ChartMenu.tsx';
import { Button } from '../ui/Button.tsx';
import { type ChartView, writeTable } from '../ui/chart-view.ts';
import { Select } from '../ui/Select.tsx';
import { SmoothingSelect, XSelect, YSelect } from '../ui/ViewSelects.tsx';
import { isShareMeasure } from './overview.ts';

interface ChartControlsProps {
  readonly view: ChartView;
  readonly change: (change: AddressChange) => void;
  readonly domain: Range;
  readonly isEmpty: boolean;
  readonly band: string;
  /** Those that a client reported. */
  readonly measures: readonly string[];
  readonly filename: string;
  readonly picture: () => ChartPicture;
  readonly csv: () => string;
  readonly onZoom: (range: Range | null) => void;
}

export function ChartControls(props: ChartControlsProps) {
  const { view, change, domain, isEmpty, band, measures, filename, picture, csv, onZoom } = props;
  const noChart = isEmpty || view.isTable;
  const bands = [...new Set(['train_loss', ...measures.filter(isShareMeasure), band])].filter(
    (name) => name !== 'none',
  );
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
        onClick={() => onZoom(zoomIn(view.zoom ?? domain))}
      >
        <ZoomIn aria-hidden size={14} />
      </Button>
      <XSelect view={view} change={change} disabled={noChart} usual="round" />
      <Select
        aria-label="Spread of the clients"
        disabled={noChart}
        value={band}
        onChange={({ target }) => change({ band: target.value === 'train_loss' ? null : target.value })}
        className="w-40"
      >
        <option value="none">no spread</option>
        {bands.map((name) => (
          <option key={name} value={name}>
            clients: {name === 'train_loss' ? 'loss' : name.replaceAll('_', ' ')}
          </option>
        ))}
      </Select>
      <SmoothingSelect view={view} change={change} disabled={noChart} />
      <YSelect view={view} change={change} disabled={noChart} />
      <ChartMenu
        what="the training progress"
        isDisabled={isEmpty}
        filename={filename}
        picture={picture}
        csv={csv}
        table={{ isOn: view.isTable, onChange: (isOn) => change(writeTable(isOn)) }}
      />
    </div>
  );
}

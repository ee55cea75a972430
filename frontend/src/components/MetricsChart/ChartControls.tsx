import type { HistoryPoint } from '@rondo/protocol';
import { Download, Table2, ZoomIn } from 'lucide-react';
import { zoomIn } from '../../charts/prepare.ts';
import type { Range } from '../../charts/types.ts';
import { toCsv } from '../../lib/csv.ts';
import { downloadText } from '../../lib/download.ts';
import { numberOf } from '../../lib/values.ts';
import { Button } from '../ui/Button.tsx';
import { Select } from '../ui/Select.tsx';

export interface ChartSettings {
  readonly smoothing: number;
  readonly isLog: boolean;
  readonly isTable: boolean;
}

interface ChartControlsProps {
  readonly settings: ChartSettings;
  readonly onSettings: (settings: ChartSettings) => void;
  readonly zoom: Range | null;
  readonly domain: Range;
  readonly onZoom: (range: Range | null) => void;
  readonly history: readonly HistoryPoint[];
}

const smoothings = [0, 0.3, 0.6, 0.8, 0.9, 0.97] as const;

export function ChartControls({ settings, onSettings, zoom, domain, onZoom, history }: ChartControlsProps) {
  const isEmpty = history.length === 0;
  const noChart = isEmpty || settings.isTable;
  return (
    <div className="flex flex-wrap items-center gap-1.5">
      {zoom !== null && (
        <Button size="small" onClick={() => onZoom(null)}>
          Reset zoom
        </Button>
      )}
      <Button
        size="smallIcon"
        aria-label="Zoom in on the newest half"
        title="Zoom in on the newest half (or drag across the chart)"
        disabled={noChart}
        onClick={() => onZoom(zoomIn(zoom ?? domain))}
      >
        <ZoomIn aria-hidden size={14} />
      </Button>
      <Select
        aria-label="Smoothing"
        disabled={noChart}
        value={settings.smoothing}
        onChange={(event) => onSettings({ ...settings, smoothing: Number(event.target.value) })}
      >
        {smoothings.map((weight) => (
          <option key={weight} value={weight}>
            {weight === 0 ? 'as reported' : `smooth ${weight}`}
          </option>
        ))}
      </Select>
      <Button
        size="small"
        aria-pressed={settings.isLog}
        disabled={noChart}
        title="Loss on a logarithmic axis"
        onClick={() => onSettings({ ...settings, isLog: !settings.isLog })}
      >
        log
      </Button>
      <Button
        size="small"
        aria-pressed={settings.isTable}
        disabled={isEmpty}
        onClick={() => onSettings({ ...settings, isTable: !settings.isTable })}
      >
        <Table2 aria-hidden size={14} />
        table
      </Button>
      <Button
        size="smallIcon"
        aria-label="Download as CSV"
        title="Download as CSV"
        disabled={isEmpty}
        onClick={() => downloadText('training-progress.csv', historyCsv(history), 'text/csv')}
      >
        <Download aria-hidden size={14} />
      </Button>
    </div>
  );
}

const historyCsv = (history: readonly HistoryPoint[]): string =>
  toCsv(
    ['round', 'loss', 'accuracy'],
    history.map((point) => [point.round, numberOf(point.loss), numberOf(point.accuracy)]),
  );

import type { Series } from '@rondo/protocol';
import { Download, ZoomIn } from 'lucide-react';
import { zoomIn } from '../../charts/prepare.ts';
import type { Range } from '../../charts/types.ts';
import { toCsv } from '../../lib/csv.ts';
import { downloadText } from '../../lib/download.ts';
import { numberOf } from '../../lib/values.ts';
import { Button } from '../ui/Button.tsx';

interface SeriesControlsProps {
  readonly series: Series | undefined;
  readonly zoom: Range | null;
  readonly isLog: boolean;
  readonly onLog: (isLog: boolean) => void;
  readonly onZoom: (range: Range | null) => void;
}

export function SeriesControls({ series, zoom, isLog, onLog, onZoom }: SeriesControlsProps) {
  const steps = series?.step ?? [];
  const isEmpty = steps.length === 0;
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
        disabled={isEmpty}
        onClick={() => onZoom(zoomIn(zoom ?? { min: steps[0] ?? 0, max: steps.at(-1) ?? 1 }))}
      >
        <ZoomIn aria-hidden size={14} />
      </Button>
      <Button size="small" aria-pressed={isLog} disabled={isEmpty} onClick={() => onLog(!isLog)}>
        log
      </Button>
      <Button
        size="smallIcon"
        aria-label="Download what is shown as CSV"
        title="Download what is shown as CSV"
        disabled={isEmpty}
        onClick={() => series && downloadText(`${series.name}.csv`, seriesCsv(series), 'text/csv')}
      >
        <Download aria-hidden size={14} />
      </Button>
    </div>
  );
}

const seriesCsv = ({ step, value, at }: Series): string =>
  toCsv(
    ['step', 'value', 'at'],
    step.map((each, index) => [each, numberOf(value[index]), at[index] ?? null]),
  );

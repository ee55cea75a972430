import type { AddressChange } from '../../hooks/useAddress.ts';
import { Button } from '../ui/Button.tsx';
import { type ChartView, writeZoom } from '../ui/chart-view.ts';
import { Select } from '../ui/Select.tsx';
import { SmoothingSelect, XSelect, YSelect } from '../ui/ViewSelects.tsx';
import { bySeed } from './group-runs.ts';

interface CompareControlsProps {
  readonly view: ChartView;
  readonly change: (change: AddressChange, options?: { readonly isStep?: boolean }) => void;
  readonly group: string;
  /** Config keys in which the runs differ. */
  readonly keys: readonly string[];
  /** Metrics that can be added. */
  readonly metrics: readonly string[];
  readonly onMetric: (name: string) => void;
}

/** How all charts of the page are looked at. */
export function CompareControls({ view, change, group, keys, metrics, onMetric }: CompareControlsProps) {
  return (
    <div className="flex flex-wrap items-center gap-1.5">
      <XSelect view={view} change={change} usual="round" />
      <SmoothingSelect view={view} change={change} />
      <YSelect view={view} change={change} />
      <Select
        aria-label="Bands"
        value={group}
        className="max-w-56"
        onChange={({ target }) => change({ group: target.value === '' ? null : target.value })}
      >
        <option value="">a line a run</option>
        <option value={bySeed}>bands over seeds</option>
        {keys.map((key) => (
          <option key={key} value={`config.${key}`}>
            bands by {key}
          </option>
        ))}
      </Select>
      <Select
        aria-label="Add a metric"
        value=""
        disabled={metrics.length === 0}
        className="max-w-48"
        onChange={({ target }) => target.value !== '' && onMetric(target.value)}
      >
        <option value="">add a metric…</option>
        {metrics.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </Select>
      {view.zoom !== null && (
        <Button size="small" onClick={() => change(writeZoom(null), { isStep: true })}>
          Reset zoom
        </Button>
      )}
    </div>
  );
}

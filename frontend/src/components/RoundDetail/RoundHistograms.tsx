import type { ClientUpdate } from '@rondo/protocol';
import { useMemo } from 'react';
import { binValues } from '../../charts/histogram/bins.ts';
import { Histogram } from '../../charts/histogram/Histogram.tsx';
import type { Range } from '../../charts/types.ts';
import { formatDuration, formatNumber, formatShortCount } from '../../lib/format.ts';
import { numberOf } from '../../lib/values.ts';
import { Panel } from '../ui/Panel.tsx';
import { type FilterMeasure, filterMeasures, type UpdateFilter } from './filter-updates.ts';

const looks: Readonly<Record<FilterMeasure, { readonly label: string; readonly format: (value: number) => string }>> = {
  train_loss: { label: 'Loss', format: formatNumber },
  duration_ms: { label: 'Time', format: formatDuration },
  sample_count: { label: 'Samples', format: formatShortCount },
  update_norm: { label: 'Update norm', format: formatNumber },
};

const mostBins = 24;

interface RoundHistogramsProps {
  readonly updates: readonly ClientUpdate[];
  readonly ranges: UpdateFilter['ranges'];
  readonly onRange: (measure: FilterMeasure, range: Range | null) => void;
}

/** How the clients of the round are spread. A drag over bars shows their clients in the table. */
export function RoundHistograms({ updates, ranges, onRange }: RoundHistogramsProps) {
  const binned = useMemo(
    () =>
      filterMeasures
        .map((measure) => ({
          measure,
          binned: binValues(
            updates.map((update) => numberOf(update[measure])),
            mostBins,
          ),
        }))
        .filter((each) => each.binned.bins.length > 0),
    [updates],
  );
  if (binned.length === 0) return null;
  return (
    <Panel title="How its clients are spread" note="drag over bars to show their clients" testId="round-histograms">
      <div className="grid gap-x-6 gap-y-4 sm:grid-cols-2">
        {binned.map(({ measure, binned: each }) => (
          <Histogram
            key={measure}
            label={looks[measure].label}
            binned={each}
            format={looks[measure].format}
            chosen={ranges[measure] ?? null}
            onChoose={(range) => onRange(measure, range)}
          />
        ))}
      </div>
    </Panel>
  );
}

import type { ClientUpdate } from '@rondo/protocol';
import { formatBytes, formatCount, formatDuration, noValue } from '../../lib/format.ts';
import { numberOf } from '../../lib/values.ts';
import type { Column } from '../ui/column.ts';
import { MetricText } from '../ui/MetricText.tsx';
import { OutcomeText, outcomeLooks } from '../ui/OutcomeText.tsx';

/** More would not fit any screen; the CSV has them all. */
const shownMetrics = 6;

export function columnsFor(metricNames: readonly string[]): readonly Column<ClientUpdate>[] {
  return [
    {
      key: 'client',
      name: 'Client',
      className: 'w-44',
      sortBy: ({ client_id }) => client_id,
      cell: ({ client_id }) => (
        <span title={client_id} className="block truncate">
          {client_id}
        </span>
      ),
    },
    {
      key: 'outcome',
      name: 'Outcome',
      className: 'w-44',
      sortBy: ({ outcome }) => outcomeLooks[outcome].label,
      cell: ({ outcome, error }) => (
        <span className="flex items-center gap-2">
          <OutcomeText outcome={outcome} />
          {error !== null && (
            <span title={error} className="min-w-0 truncate text-xs text-muted">
              {error}
            </span>
          )}
        </span>
      ),
    },
    measured('train_loss', 'Loss', ({ train_loss }) => train_loss),
    counted('sample_count', 'Samples', ({ sample_count }) => sample_count, formatCount),
    counted('duration_ms', 'Time', ({ duration_ms }) => duration_ms, formatDuration),
    counted('bytes_up', 'Sent', ({ bytes_up }) => bytes_up, formatBytes),
    counted('bytes_down', 'Received', ({ bytes_down }) => bytes_down, formatBytes),
    measured('update_norm', 'Norm', ({ update_norm }) => update_norm),
    ...metricNames
      .slice(0, shownMetrics)
      .map((name) => measured(`metrics.${name}`, name, ({ metrics }) => metrics[name] ?? null)),
  ];
}

const measured = (
  key: string,
  name: string,
  read: (update: ClientUpdate) => ClientUpdate['train_loss'],
): Column<ClientUpdate> => ({
  key,
  name: (
    <span title={name} className="truncate">
      {name}
    </span>
  ),
  align: 'end',
  sortBy: (update) => numberOf(read(update)),
  cell: (update) => <MetricText value={read(update)} />,
});

const counted = (
  key: string,
  name: string,
  read: (update: ClientUpdate) => number | null,
  format: (value: number) => string,
): Column<ClientUpdate> => ({
  key,
  name,
  align: 'end',
  className: 'whitespace-nowrap',
  sortBy: read,
  cell: (update) => {
    const value = read(update);
    return value === null ? <span className="text-faint">{noValue}</span> : format(value);
  },
});

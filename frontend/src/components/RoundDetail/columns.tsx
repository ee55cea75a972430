import type { ClientUpdate } from '@rondo/protocol';
import { medianOf } from '../../charts/histogram/bins.ts';
import type { AttentionMark } from '../../hooks/useAttentionMarks.ts';
import { formatBytes, formatCount, formatDuration, formatFactor, noValue } from '../../lib/format.ts';
import { isPlottable, numberOf } from '../../lib/values.ts';
import { AttentionGlyph } from '../ui/AttentionGlyph.tsx';
import type { Column } from '../ui/column.ts';
import { MetricText } from '../ui/MetricText.tsx';
import { OutcomeAndError, outcomeLooks } from '../ui/OutcomeText.tsx';

/** More would not fit any screen; the CSV has them all. */
const shownMetrics = 6;

/** The measures whose share of the median is shown, with the median of the round. */
export type Medians = Readonly<Record<'train_loss' | 'update_norm', number | null>>;

export function mediansOf(updates: readonly ClientUpdate[]): Medians {
  const median = (read: (update: ClientUpdate) => ClientUpdate['train_loss']) =>
    medianOf(
      updates
        .map((update) => numberOf(read(update)))
        .filter(isPlottable)
        .sort((a, b) => a - b),
    );
  return { train_loss: median((update) => update.train_loss), update_norm: median((update) => update.update_norm) };
}

interface ColumnsOptions {
  readonly metricNames: readonly string[];
  readonly medians: Medians;
  readonly onOpen: (client_id: string) => void;
  readonly marks: ReadonlyMap<string, AttentionMark>;
  /** Two lines a row: the outcome stands below the name. */
  readonly isPhone: boolean;
}

export function columnsFor(options: ColumnsOptions): readonly Column<ClientUpdate>[] {
  const { metricNames, medians, onOpen, marks, isPhone } = options;
  return [
    {
      key: 'client',
      name: 'Client',
      className: 'w-44',
      sortBy: ({ client_id }) => client_id,
      cell: ({ client_id, outcome, error }) => (
        <>
          <span className="flex items-center gap-1.5">
            <button
              type="button"
              title={client_id}
              onClick={() => onOpen(client_id)}
              className="block min-h-6 min-w-0 truncate rounded-control text-left hover:text-accent hover:underline"
            >
              <bdi>{client_id}</bdi>
            </button>
            <AttentionGlyph mark={marks.get(client_id)} />
          </span>
          {isPhone && <OutcomeAndError outcome={outcome} error={error} className="max-sm:text-xs" />}
        </>
      ),
    },
    {
      key: 'outcome',
      name: 'Outcome',
      className: 'w-52 max-sm:hidden sm:w-72 min-[118rem]:w-[26rem]',
      sortBy: ({ outcome }) => outcomeLooks[outcome].label,
      cell: ({ outcome, error }) => <OutcomeAndError outcome={outcome} error={error} className="max-sm:text-xs" />,
    },
    measured('train_loss', 'Loss', ({ train_loss }) => train_loss),
    shareOf('loss_share', 'Loss ÷ median', medians.train_loss, ({ train_loss }) => train_loss),
    counted('sample_count', 'Samples', ({ sample_count }) => sample_count, formatCount),
    counted('duration_ms', 'Time', ({ duration_ms }) => duration_ms, formatDuration),
    counted('bytes_up', 'Sent', ({ bytes_up }) => bytes_up, formatBytes),
    counted('bytes_down', 'Received', ({ bytes_down }) => bytes_down, formatBytes),
    measured('update_norm', 'Norm', ({ update_norm }) => update_norm),
    shareOf('norm_share', 'Norm ÷ median', medians.update_norm, ({ update_norm }) => update_norm),
    measured('cosine_to_mean', 'Cosine', ({ cosine_to_mean }) => cosine_to_mean),
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

/** From this factor on a client is far from the others, whatever the measure. */
const isFar = (share: number): boolean => share >= 3 || share <= 1 / 3;

const shareOf = (
  key: string,
  name: string,
  median: number | null,
  read: (update: ClientUpdate) => ClientUpdate['train_loss'],
): Column<ClientUpdate> => {
  const share = (update: ClientUpdate) => {
    const value = numberOf(read(update));
    return value === null || !median ? null : value / median;
  };
  return {
    key,
    name: <span title={`${name} of the round`}>{name}</span>,
    align: 'end',
    className: 'w-32 whitespace-nowrap',
    sortBy: share,
    cell: (update) => {
      const value = share(update);
      if (value === null || !Number.isFinite(value)) return <span className="text-faint">{noValue}</span>;
      return <span className={isFar(value) ? 'font-medium text-no-reply' : undefined}>{formatFactor(value)}</span>;
    },
  };
};

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

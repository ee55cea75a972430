import type { ListedRun, RoundValue } from '@rondo/protocol';
import { Link } from 'react-router';
import {
  formatAgo,
  formatBytes,
  formatCount,
  formatDuration,
  formatMomentToSecond,
  noValue,
} from '../../lib/format.ts';
import { conditionWords } from '../../lib/run-face.ts';
import { EditRun } from '../EditRun/EditRun.tsx';
import type { Column } from '../ui/column.ts';
import { MetricText } from '../ui/MetricText.tsx';
import { RunStatusText } from '../ui/RunStatusText.tsx';
import { Sparkline } from '../ui/Sparkline.tsx';

/** The server sorts; a column that it can sort by says so with any function. */
const onServer = () => null;
const hourMs = 3_600_000;
/** To the hour, and to the day from two days on: a column of ages is compared, not read. */
function formatStarted(started_at: string, now: number): string {
  const ageMs = Math.max(0, now - Date.parse(started_at));
  const stepMs = ageMs < 2 * hourMs ? 1 : ageMs < 48 * hourMs ? hourMs : 24 * hourMs;
  return formatAgo(Math.floor(ageMs / stepMs) * stepMs);
}

const isShare = (name: string): boolean => /acc(uracy)?$|auc$|f1/i.test(name);

function Value({ of, name }: { readonly of: RoundValue | undefined; readonly name: string }) {
  if (of === undefined) return noValue;
  return (
    <span title={`round ${of.round}`}>
      <MetricText value={of.value} {...(isShare(name) && { as: 'share' as const })} />
    </span>
  );
}

/** A column of a metric or of a config key. */
export function chosenColumn(key: string): Column<ListedRun> {
  const [kind, ...rest] = key.split('.');
  const name = rest.join('.');
  if (kind === 'config') {
    return { key, name, className: 'w-32 truncate', cell: ({ config }) => configText(config, name) };
  }
  return {
    key,
    name: `${kind === 'best' ? 'Best' : 'Last'} ${name}`,
    align: 'end',
    className: 'w-32 whitespace-nowrap',
    sortBy: onServer,
    cell: ({ summary }) => <Value of={(kind === 'best' ? summary.best : summary.last)[name]} name={name} />,
  };
}

export function configText(config: Readonly<Record<string, unknown>>, path: string): string {
  let value: unknown = Object.hasOwn(config, path) ? config[path] : undefined;
  if (value === undefined) {
    value = path
      .split('.')
      .reduce<unknown>(
        (at, key) => (at !== null && typeof at === 'object' ? (at as Record<string, unknown>)[key] : undefined),
        config,
      );
  }
  return value === undefined ? noValue : typeof value === 'string' ? value : JSON.stringify(value);
}

interface ColumnsOptions {
  readonly isAdmin: boolean;
  readonly selected: ReadonlySet<string>;
  readonly onSelect: (run_id: string, isRange: boolean) => void;
  readonly onTag: (tag: string) => void;
  readonly chosen: readonly string[];
  readonly now: number;
  /** The other columns do not fit; the most important of them stand below the name. */
  readonly isPhone: boolean;
}

function Status({ run }: { readonly run: ListedRun }) {
  return (
    <>
      <RunStatusText run={run} />
      {run.condition && run.condition.state !== 'healthy' && (
        <span className="ml-1.5 text-no-reply" title={run.condition.detail ?? undefined}>
          · {conditionWords[run.condition.state]}
        </span>
      )}
    </>
  );
}

function InShort({ run, now }: { readonly run: ListedRun; readonly now: number }) {
  const { last, best } = run.summary;
  return (
    <span className="flex items-center gap-x-2 overflow-hidden text-xs whitespace-nowrap text-muted">
      <Status run={run} />
      {best.accuracy !== undefined ? (
        <Value of={best.accuracy} name="accuracy" />
      ) : (
        last.loss !== undefined && (
          <span>
            loss <Value of={last.loss} name="loss" />
          </span>
        )
      )}
      {(run.condition?.state ?? 'healthy') === 'healthy' && <span>{formatStarted(run.started_at, now)}</span>}
    </span>
  );
}

export function runColumns({
  isAdmin,
  selected,
  onSelect,
  onTag,
  chosen,
  now,
  isPhone,
}: ColumnsOptions): Column<ListedRun>[] {
  return [
    {
      key: 'name',
      name: 'Name',
      sortBy: onServer,
      cell: (run) => (
        <span className="flex min-w-0 items-center gap-2">
          <input
            type="checkbox"
            aria-label={`Select ${run.name}`}
            className="size-3.5 shrink-0 accent-accent"
            checked={selected.has(run.run_id)}
            onChange={(event) => onSelect(run.run_id, (event.nativeEvent as MouseEvent).shiftKey)}
          />
          <span className="min-w-0 2xl:max-w-[75%] 2xl:shrink-0">
            <Link
              to={`/runs/${encodeURIComponent(run.run_id)}`}
              title={`${run.name}\n${run.run_id}`}
              dir="auto"
              className="block truncate leading-6 font-medium hover:text-accent hover:underline"
            >
              {run.name}
            </Link>
            {isPhone && <InShort run={run} now={now} />}
          </span>
          {run.notes.trim() !== '' && (
            <span title={run.notes} dir="auto" className="min-w-0 truncate text-xs text-muted max-2xl:hidden">
              {plainNotes(run.notes)}
            </span>
          )}
        </span>
      ),
    },
    {
      key: 'status',
      name: 'Status',
      className: 'w-44 whitespace-nowrap max-sm:hidden',
      sortBy: onServer,
      cell: (run) => <Status run={run} />,
    },
    {
      key: 'curve',
      name: 'Loss',
      className: 'w-36 max-xl:hidden',
      cell: ({ summary }) => (
        <Sparkline
          values={summary.sparkline}
          token={summary.sparkline_of === 'loss' ? '--loss' : '--accuracy'}
          label={`${summary.sparkline_of ?? 'no values'} over the rounds`}
        />
      ),
    },
    { ...chosenColumn('last.loss'), className: 'w-20 whitespace-nowrap max-sm:hidden' },
    { ...chosenColumn('best.accuracy'), className: 'w-[7.25rem] whitespace-nowrap max-sm:hidden' },
    ...chosen.map(chosenColumn),
    {
      key: 'rounds',
      name: 'Rounds',
      align: 'end',
      className: 'w-24 whitespace-nowrap max-lg:hidden',
      sortBy: onServer,
      cell: ({ summary, num_rounds }) => (
        <>
          {summary.num_rounds}
          {num_rounds !== null && <span className="text-muted"> / {num_rounds}</span>}
        </>
      ),
    },
    {
      key: 'clients',
      name: 'Clients',
      align: 'end',
      className: 'w-20 max-2xl:hidden',
      cell: ({ summary }) => formatCount(summary.num_clients),
    },
    {
      key: 'bytes',
      name: 'Traffic',
      align: 'end',
      className: 'w-24 whitespace-nowrap max-[112rem]:hidden',
      cell: ({ summary }) =>
        summary.bytes_up + summary.bytes_down > 0 ? formatBytes(summary.bytes_up + summary.bytes_down) : noValue,
    },
    {
      key: 'duration_ms',
      name: 'Time',
      align: 'end',
      className: 'w-28 whitespace-nowrap max-2xl:hidden',
      sortBy: onServer,
      cell: ({ summary }) => (summary.duration_ms === null ? noValue : formatDuration(summary.duration_ms)),
    },
    {
      key: 'tags',
      name: 'Tags',
      className: 'w-52 max-2xl:hidden',
      cell: ({ tags }) => <Tags tags={tags} onTag={onTag} />,
    },
    {
      key: 'started_at',
      name: 'Started',
      align: 'end',
      className: 'w-24 whitespace-nowrap text-soft max-sm:hidden',
      sortBy: onServer,
      cell: ({ started_at }) => (
        <time dateTime={started_at} title={formatMomentToSecond(started_at)}>
          {formatStarted(started_at, now)}
        </time>
      ),
    },
    ...(isAdmin
      ? [
          {
            key: 'edit',
            name: <span className="sr-only">Edit</span>,
            align: 'end' as const,
            className: 'w-11 max-sm:hidden',
            cell: (run: ListedRun) => <EditRun run={run} />,
          },
        ]
      : []),
  ];
}

/** One line of Markdown without its marks. */
const plainNotes = (notes: string): string =>
  notes
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/^\s*(#{1,6}|[-*+>])\s+/gm, '')
    .replace(/[*_`~]{1,3}(\S(?:.*?\S)?)[*_`~]{1,3}/g, '$1')
    .replace(/\s*\n+\s*/g, ' · ')
    .trim();

const shownTags = 2;

function Tags({ tags, onTag }: { readonly tags: readonly string[]; readonly onTag: (tag: string) => void }) {
  if (tags.length === 0) return noValue;
  const hidden = tags.slice(shownTags);
  return (
    <span className="flex min-w-0 gap-1">
      {tags.slice(0, shownTags).map((tag) => (
        <button
          key={tag}
          type="button"
          title={`Show runs with the tag ${tag}`}
          onClick={() => onTag(tag)}
          className="max-w-24 truncate rounded-control border border-line px-1.5 text-xs text-muted hover:bg-raised hover:text-text"
        >
          {tag}
        </button>
      ))}
      {hidden.length > 0 && (
        <span title={hidden.join(', ')} className="text-xs text-muted">
          +{hidden.length}
        </span>
      )}
    </span>
  );
}

import type { Model } from '@rondo/protocol';
import { Link } from 'react-router';
import { formatBytes, formatShortCount, noValue } from '../../lib/format.ts';
import { shortVersion } from '../../lib/short-version.ts';
import { DownloadModel } from '../DownloadModel/DownloadModel.tsx';
import { AliasChip } from '../ui/AliasChip.tsx';
import { CopyButton } from '../ui/CopyButton.tsx';
import type { Column } from '../ui/column.ts';
import { MetricText } from '../ui/MetricText.tsx';
import { Moment } from '../ui/Moment.tsx';

interface ColumnsOptions {
  readonly place: 'panel' | 'page';
  /** It is kept in the links. */
  readonly search: string;
  /** What a run is called. */
  readonly nameOf: (run_id: string) => string;
}

export function columnsOf({ place, search, nameOf }: ColumnsOptions): readonly Column<Model>[] {
  const isPage = place === 'page';
  const address = (run_id: string, version: string) => {
    const params = new URLSearchParams(search);
    params.set('model', version);
    params.set('model_run', run_id);
    return `?${params}`;
  };
  const run: Column<Model> = {
    key: 'run',
    name: 'Run',
    className: 'max-w-40 max-lg:hidden min-[118rem]:max-w-96',
    cell: ({ run_id }) => (
      <Link
        to={`/runs/${encodeURIComponent(run_id)}`}
        title={`${nameOf(run_id)}\n${run_id}`}
        dir="auto"
        className="block truncate text-soft hover:text-accent hover:underline"
      >
        {nameOf(run_id)}
      </Link>
    ),
  };
  return [
    {
      key: 'version',
      name: 'Version',
      className: isPage ? 'w-[30%] sm:min-w-44' : 'w-[30%]',
      cell: ({ version, run_id, aliases }) => (
        <span className="flex min-w-28 flex-wrap items-center gap-x-1.5 gap-y-1 sm:min-w-36">
          <Link
            to={{ search: address(run_id, version) }}
            preventScrollReset
            aria-label={version}
            title={version}
            className="[overflow-wrap:anywhere] hover:text-accent hover:underline"
          >
            {shortVersion(version, run_id)}
          </Link>
          {aliases.map((alias) => (
            <AliasChip key={alias} alias={alias} />
          ))}
          {isPage && (
            <span className="w-full text-2xs [overflow-wrap:anywhere] text-muted lg:hidden">{nameOf(run_id)}</span>
          )}
        </span>
      ),
    },
    ...(isPage ? [run] : []),
    {
      key: 'round',
      name: 'Round',
      align: 'end',
      cell: ({ run_id, round }) =>
        round === null ? (
          noValue
        ) : (
          <Link
            to={`/runs/${encodeURIComponent(run_id)}/rounds/${round}`}
            className="hover:text-accent hover:underline"
            aria-label={`Round ${round}`}
          >
            {round}
          </Link>
        ),
    },
    {
      key: 'parent',
      name: 'Parent',
      className: isPage ? 'max-w-32 max-2xl:hidden' : 'max-w-32 @max-[1000px]:hidden',
      cell: ({ parent, run_id }) =>
        parent === null ? (
          <span className="text-faint">{noValue}</span>
        ) : (
          <Link
            to={{ search: address(run_id, parent) }}
            preventScrollReset
            aria-label={parent}
            title={parent}
            className="block truncate text-soft hover:text-accent hover:underline"
          >
            {shortVersion(parent, run_id)}
          </Link>
        ),
    },
    {
      key: 'accuracy',
      name: 'Accuracy',
      align: 'end',
      className: 'whitespace-nowrap',
      cell: ({ metrics }) => <MetricText value={metrics.global_accuracy ?? metrics.accuracy} as="share" />,
    },
    {
      key: 'loss',
      name: 'Loss',
      align: 'end',
      className: isPage ? 'max-sm:hidden' : '@max-[480px]:hidden',
      cell: ({ metrics }) => <MetricText value={metrics.global_loss ?? metrics.loss} />,
    },
    {
      key: 'parameters',
      name: isPage ? (
        'Parameters'
      ) : (
        <abbr title="Parameters" className="no-underline">
          Params
        </abbr>
      ),
      align: 'end',
      className: isPage ? 'whitespace-nowrap max-md:hidden' : 'whitespace-nowrap @max-[560px]:hidden',
      cell: ({ parameter_count }) => (parameter_count === null ? noValue : formatShortCount(parameter_count)),
    },
    {
      key: 'size',
      name: 'Size',
      align: 'end',
      className: isPage ? 'whitespace-nowrap max-[420px]:hidden' : 'whitespace-nowrap @max-[330px]:hidden',
      cell: ({ size_bytes }) => formatBytes(size_bytes),
    },
    {
      key: 'sha256',
      name: 'SHA-256',
      className: isPage ? 'whitespace-nowrap max-2xl:hidden' : 'whitespace-nowrap @max-[1000px]:hidden',
      cell: ({ sha256, version }) => (
        <span className="inline-flex items-center gap-1 font-mono text-2xs text-muted">
          {sha256.slice(0, 8)}
          <CopyButton isSmall text={sha256} what={`the SHA-256 of ${version}`} />
        </span>
      ),
    },
    ...(isPage ? [created] : []),
    {
      key: 'download',
      name: <span className="sr-only">Download</span>,
      align: 'end',
      className: 'w-px whitespace-nowrap',
      cell: (model) => <DownloadModel model={model} isSmall />,
    },
  ];
}

const created: Column<Model> = {
  key: 'created',
  name: 'Stored',
  align: 'end',
  className: 'whitespace-nowrap text-soft max-lg:hidden',
  cell: ({ created_at }) => <Moment at={created_at} />,
};

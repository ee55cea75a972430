import type { Participation } from '@rondo/protocol';
import { ArrowDown, ArrowUp, Check, CircleHelp } from 'lucide-react';
import { formatCount, formatNumber, formatPercent, noValue } from '../../lib/format.ts';
import type { Column } from '../ui/column.ts';
import { OpenClient } from '../ui/OpenClient.tsx';
import { texts } from './texts.ts';

type Item = Participation['items'][number];

export const isNamed = ({ verdict }: Item): boolean => verdict === 'under_selected' || verdict === 'over_selected';

const looks = {
  under_selected: { Icon: ArrowDown, text: 'text-no-reply' },
  over_selected: { Icon: ArrowUp, text: 'text-accent' },
  as_expected: { Icon: Check, text: 'text-soft' },
  not_known: { Icon: CircleHelp, text: 'text-muted' },
} as const;

const verdict: Column<Item> = {
  key: 'verdict',
  name: texts.columns.verdict,
  className: 'w-60',
  sortBy: ({ z }) => z,
  cell: ({ verdict }) => {
    const { Icon, text } = looks[verdict];
    return (
      <span className={`flex items-center gap-1.5 whitespace-nowrap ${text}`}>
        <Icon aria-hidden size={12} className="shrink-0" />
        {texts.verdicts[verdict]}
      </span>
    );
  },
};

/** `isJudged`: there is a draw to compare with, which there is not where every client takes part in every round. */
export const columnsFor = (onOpen: (client_id: string) => void, isJudged: boolean): readonly Column<Item>[] => [
  {
    key: 'client',
    name: texts.columns.client,
    className: 'w-36 sm:w-48',
    sortBy: ({ client_id }) => client_id,
    cell: ({ client_id }) => <OpenClient client_id={client_id} onOpen={onOpen} />,
  },
  ...(isJudged ? [verdict] : []),
  {
    key: 'share',
    name: texts.columns.share,
    className: 'w-44',
    sortBy: ({ share }) => share,
    cell: ({ share }) => <Share share={share} />,
  },
  counted('selected', ({ selected }) => selected),
  counted('available', ({ available }) => available),
  ...(isJudged ? [figure('z', ({ z }) => z), figure('p_value', ({ p_value }) => p_value)] : []),
];

function Share({ share }: { readonly share: number | null }) {
  if (share === null) return <span className="text-faint">{noValue}</span>;
  return (
    <span className="flex items-center gap-2">
      <span aria-hidden className="h-1.5 w-20 shrink-0 overflow-hidden rounded-full bg-raised">
        <span className="block h-full bg-returned" style={{ width: `${share * 100}%` }} />
      </span>
      {formatPercent(share)}
    </span>
  );
}

function counted(key: 'selected' | 'available', read: (item: Item) => number): Column<Item> {
  return {
    key,
    name: key === 'selected' ? texts.columns.selectedRounds : texts.columns.available,
    align: 'end',
    className: 'w-36',
    sortBy: read,
    cell: (item) => formatCount(read(item)),
  };
}

function figure(key: 'z' | 'p_value', read: (item: Item) => number | null): Column<Item> {
  return {
    key,
    name: texts.columns[key],
    align: 'end',
    sortBy: read,
    cell: (item) => {
      const value = read(item);
      return value === null ? (
        <span className="text-faint">{noValue}</span>
      ) : (
        formatNumber(Number(value.toPrecision(2)))
      );
    },
  };
}

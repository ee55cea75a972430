import type { AuditEntry } from '@rondo/protocol';
import { formatMomentToSecond, noValue } from '../../lib/format.ts';
import type { Column } from '../ui/column.ts';
import { describeAction, describeDetail } from './actions.ts';

export const columns: readonly Column<AuditEntry>[] = [
  {
    key: 'at',
    name: 'When',
    className: 'align-top text-soft sm:whitespace-nowrap',
    cell: ({ at }) => <time dateTime={at}>{formatMomentToSecond(at)}</time>,
  },
  {
    key: 'actor',
    name: 'Who',
    className: 'align-top',
    cell: ({ actor }) => (
      <span title={actor ?? undefined} className="block max-w-28 truncate sm:max-w-40">
        {actor ?? noValue}
      </span>
    ),
  },
  {
    key: 'action',
    name: 'Did what',
    className: 'align-top',
    cell: ({ action, target_type, target }) => (
      <>
        <span title={action} className={action.endsWith('.failed') ? 'text-no-reply' : undefined}>
          {describeAction(action)}
        </span>
        <span className="block max-w-28 truncate text-xs text-muted sm:hidden">
          {target_type} {target ?? ''}
        </span>
      </>
    ),
  },
  {
    key: 'target',
    name: 'To whom or what',
    className: 'align-top max-sm:hidden',
    cell: ({ target_type, target }) => (
      <span title={target ?? undefined} className="block max-w-60 truncate">
        <span className="text-muted">{target_type}</span> {target ?? ''}
      </span>
    ),
  },
  {
    key: 'detail',
    name: 'How',
    className: 'align-top text-xs leading-5 text-soft max-lg:hidden',
    cell: ({ detail, request_id }) => (
      <span className="break-words" title={request_id === null ? undefined : `request ${request_id}`}>
        {describeDetail(detail) || noValue}
      </span>
    ),
  },
  {
    key: 'address',
    name: 'From',
    align: 'end',
    className: 'align-top whitespace-nowrap text-soft max-md:hidden',
    cell: ({ address }) => address ?? noValue,
  },
];

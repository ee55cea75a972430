import type { ApiKey } from '@rondo/protocol';
import { TriangleAlert } from 'lucide-react';
import { formatMoment, noValue } from '../../lib/format.ts';
import { Button } from '../ui/Button.tsx';
import type { Column } from '../ui/column.ts';
import { Moment } from '../ui/Moment.tsx';
import { describeScopes } from './scopes.ts';

export const columnsFor = (onRevoke: (key: ApiKey) => void): readonly Column<ApiKey>[] => [
  {
    key: 'name',
    name: 'Name',
    cell: (key) => (
      <>
        <bdi className="font-medium break-words">{key.name}</bdi>
        <span className="block text-xs text-muted sm:hidden">{describeUse(key)}</span>
      </>
    ),
  },
  {
    key: 'project',
    name: 'Project',
    className: 'text-soft max-md:hidden',
    cell: ({ project_id }) => <bdi className="break-all">{project_id}</bdi>,
  },
  { key: 'scopes', name: 'May', className: 'text-soft', cell: ({ scopes }) => describeScopes(scopes) },
  {
    key: 'created',
    name: 'Made',
    className: 'text-soft max-xl:hidden',
    cell: ({ created_at, created_by }) =>
      `${formatMoment(created_at)}${created_by === null ? '' : ` by ${created_by}`}`,
  },
  {
    key: 'used',
    name: 'Last used',
    align: 'end',
    className: 'text-soft max-sm:hidden',
    cell: ({ last_used_at }) => (last_used_at === null ? 'never' : <Moment at={last_used_at} />),
  },
  {
    key: 'expires',
    name: 'Expires',
    align: 'end',
    className: 'max-sm:hidden',
    cell: ({ expires_at, is_expired }) =>
      expires_at === null ? (
        <span className="text-muted">{noValue}</span>
      ) : is_expired ? (
        <span className="inline-flex items-center gap-1.5 text-no-reply">
          <TriangleAlert aria-hidden size={12} /> expired <Moment at={expires_at} />
        </span>
      ) : (
        <span className="text-soft">
          <Moment at={expires_at} />
        </span>
      ),
  },
  {
    key: 'revoke',
    name: <span className="sr-only">Revoke</span>,
    align: 'end',
    cell: (key) => (
      <Button size="small" look="danger" aria-label={`Revoke ${key.name}`} onClick={() => onRevoke(key)}>
        Revoke…
      </Button>
    ),
  },
];

/** What a phone has no columns for. */
function describeUse({ last_used_at, expires_at, is_expired }: ApiKey): string {
  const used = last_used_at === null ? 'never used' : `used ${formatMoment(last_used_at)}`;
  if (expires_at === null) return used;
  return `${used}, ${is_expired ? 'expired' : 'expires'} ${formatMoment(expires_at)}`;
}

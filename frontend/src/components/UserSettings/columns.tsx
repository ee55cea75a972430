import type { UserRecord } from '@rondo/protocol';
import { Ban, Check } from 'lucide-react';
import { noValue } from '../../lib/format.ts';
import { Button } from '../ui/Button.tsx';
import type { Column } from '../ui/column.ts';
import { Moment } from '../ui/Moment.tsx';

export const columnsFor = (me: string | null, onEdit: (user: UserRecord) => void): readonly Column<UserRecord>[] => [
  {
    key: 'username',
    name: 'Username',
    cell: ({ username }) => (
      <span className="font-medium break-all">
        <bdi>{username}</bdi>
        {username === me && <span className="ml-1.5 text-xs font-normal text-accent">you</span>}
      </span>
    ),
  },
  { key: 'role', name: 'Role', cell: ({ role }) => role },
  {
    key: 'state',
    name: 'State',
    cell: ({ disabled }) =>
      disabled ? (
        <span className="inline-flex items-center gap-1.5 text-no-reply">
          <Ban aria-hidden size={12} /> disabled
        </span>
      ) : (
        <span className="inline-flex items-center gap-1.5 text-soft">
          <Check aria-hidden size={12} className="text-returned" /> enabled
        </span>
      ),
  },
  {
    key: 'way',
    name: 'Signs in with',
    className: 'text-soft max-md:hidden',
    cell: ({ provider, has_password }) =>
      provider === 'oidc' ? 'single sign-on' : has_password ? 'password' : 'no password yet',
  },
  {
    key: 'last',
    name: 'Last sign-in',
    align: 'end',
    className: 'whitespace-nowrap text-soft max-sm:hidden',
    cell: ({ last_sign_in_at }) => (last_sign_in_at === null ? noValue : <Moment at={last_sign_in_at} />),
  },
  {
    key: 'edit',
    name: <span className="sr-only">Change</span>,
    align: 'end',
    cell: (user) => (
      <Button size="small" aria-label={`Edit ${user.username}`} onClick={() => onEdit(user)}>
        Edit…
      </Button>
    ),
  },
];

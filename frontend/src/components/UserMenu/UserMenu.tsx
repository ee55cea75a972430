import { LogOut, Settings, UserRound } from 'lucide-react';
import { Link } from 'react-router';
import { useLogout, useSession } from '../../hooks/useSession.ts';
import { Button } from '../ui/Button.tsx';
import { Popover } from '../ui/Popover.tsx';

export function UserMenu() {
  const session = useSession();
  const logout = useLogout();
  if (session.state !== 'signed_in') return null;
  const { username, role } = session.user;
  return (
    <Popover
      label="User"
      align="end"
      className="min-w-44 text-sm"
      buttonProps={{ 'aria-label': `User ${username}`, className: 'max-sm:size-8 max-sm:px-0' }}
      face={
        <>
          <UserRound aria-hidden size={15} className="sm:hidden" />
          <span dir="auto" className="max-w-32 truncate max-sm:hidden">
            {username}
          </span>
        </>
      }
    >
      {(close) => (
        <>
          <p className="px-2.5 py-1.5">
            <span dir="auto" className="block truncate font-medium">
              {username}
            </span>
            <span className="text-xs text-muted">
              {role === 'admin' ? 'admin: may stop and manage' : 'viewer: may read'}
            </span>
          </p>
          <div className="my-1.5 h-px bg-line" />
          <Link
            to="/settings/account"
            onClick={close}
            className="flex h-8 items-center gap-1.5 rounded-control px-3 text-sm text-text hover:bg-raised"
          >
            <Settings aria-hidden size={14} />
            Your account
          </Link>
          <Button look="quiet" className="w-full justify-start text-text" onClick={() => void logout()}>
            <LogOut aria-hidden size={14} />
            Sign out
          </Button>
        </>
      )}
    </Popover>
  );
}

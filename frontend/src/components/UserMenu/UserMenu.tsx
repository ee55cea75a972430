import { LogOut, UserRound } from 'lucide-react';
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
          <span className="max-w-32 truncate max-sm:hidden">{username}</span>
        </>
      }
    >
      {() => (
        <>
          <p className="px-2.5 py-1.5">
            <span className="block truncate font-medium">{username}</span>
            <span className="text-xs text-muted">
              {role === 'admin' ? 'admin: may stop rounds' : 'viewer: may read'}
            </span>
          </p>
          <div className="my-1.5 h-px bg-line" />
          <Button look="quiet" className="w-full justify-start text-text" onClick={() => void logout()}>
            <LogOut aria-hidden size={14} />
            Sign out
          </Button>
        </>
      )}
    </Popover>
  );
}

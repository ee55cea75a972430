import { LogOut, UserRound } from 'lucide-react';
import { Popover } from 'radix-ui';
import { useLogout, useSession } from '../../hooks/useSession.ts';
import { Button } from '../ui/Button.tsx';

export function UserMenu() {
  const session = useSession();
  const logout = useLogout();
  if (session.state !== 'signed_in') return null;
  const { username, role } = session.user;
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <Button aria-label={`User ${username}`} className="max-sm:size-8 max-sm:px-0">
          <UserRound aria-hidden size={15} className="sm:hidden" />
          <span className="max-w-32 truncate max-sm:hidden">{username}</span>
        </Button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="end"
          sideOffset={6}
          aria-label="User"
          className="panel z-50 min-w-44 p-1.5 text-sm text-text"
        >
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
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

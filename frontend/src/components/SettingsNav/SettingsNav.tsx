import { NavLink } from 'react-router';
import { useIsAdmin } from '../../hooks/useSession.ts';
import { classes } from '../../lib/classes.ts';

const own = [
  { to: '/settings/account', label: 'Account' },
  { to: '/settings/alerts', label: 'Alerts' },
] as const;
const forAdmins = [
  { to: '/settings/users', label: 'Users' },
  { to: '/settings/keys', label: 'API keys' },
  { to: '/settings/audit', label: 'Audit log' },
] as const;

export function SettingsNav() {
  const isAdmin = useIsAdmin();
  return (
    <nav aria-label="Settings" className="mb-4 flex gap-1 overflow-x-auto border-b border-line pb-2">
      {[...own, ...(isAdmin ? forAdmins : [])].map(({ to, label }) => (
        <NavLink
          key={to}
          to={to}
          className={({ isActive }) =>
            classes(
              'flex h-8 items-center rounded-control px-3 text-sm whitespace-nowrap',
              isActive ? 'bg-raised font-medium text-text' : 'text-muted hover:bg-raised hover:text-text',
            )
          }
        >
          {label}
        </NavLink>
      ))}
    </nav>
  );
}

import { NavLink, useLocation } from 'react-router';
import { useManaging } from '../../hooks/usePeople.ts';
import { useIsAdmin } from '../../hooks/useSession.ts';
import { useTabInView } from '../../hooks/useTabInView.ts';
import { classes } from '../../lib/classes.ts';

const places = [
  { to: '/settings/account', label: 'Account', for: 'all' },
  { to: '/settings/alerts', label: 'Alerts', for: 'all' },
  { to: '/settings/projects', label: 'Projects', for: 'managers' },
  { to: '/settings/keys', label: 'API keys', for: 'managers' },
  { to: '/settings/users', label: 'Users', for: 'admins' },
  { to: '/settings/audit', label: 'Audit log', for: 'admins' },
] as const;

export function SettingsNav() {
  const may = { all: true, managers: useManaging() === true, admins: useIsAdmin() };
  const strip = useTabInView(`${useLocation().pathname} ${may.managers}`);
  return (
    <nav
      ref={strip}
      aria-label="Settings"
      className="-mx-3 -mt-3 mb-4 flex gap-1 overflow-x-auto border-b border-line px-3 sm:-mx-5 sm:-mt-5 sm:px-5"
    >
      {places
        .filter((place) => may[place.for])
        .map(({ to, label }) => (
          <NavLink
            key={to}
            to={to}
            className={({ isActive }) =>
              classes(
                '-mb-px flex h-10 shrink-0 items-center border-b-2 px-2.5 text-sm',
                isActive
                  ? 'border-accent font-medium text-text'
                  : 'border-transparent text-muted hover:border-edge hover:text-text',
              )
            }
          >
            {label}
          </NavLink>
        ))}
    </nav>
  );
}

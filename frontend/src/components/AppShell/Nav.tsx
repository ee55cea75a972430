import { Activity, Boxes, List, Search, Settings } from 'lucide-react';
import { NavLink } from 'react-router';
import { classes } from '../../lib/classes.ts';
import { Button } from '../ui/Button.tsx';
import { Logo } from '../ui/Logo.tsx';

const destinations = [
  { to: '/', label: 'Live', Icon: Activity },
  { to: '/runs', label: 'Runs', Icon: List },
  { to: '/models', label: 'Models', Icon: Boxes },
  { to: '/settings', label: 'Settings', Icon: Settings },
] as const;

export function Nav({ onSearch }: { readonly onSearch: () => void }) {
  return (
    <nav
      aria-label="Main"
      className="flex items-center gap-0.5 border-line px-3 max-lg:h-12 sm:gap-1 sm:px-4 max-lg:border-b lg:sticky lg:top-0 lg:h-dvh lg:flex-col lg:items-stretch lg:border-r lg:px-2.5"
    >
      <span className="flex h-[52px] items-center gap-2.5 text-[16px] font-semibold max-lg:mr-2 lg:mb-1 lg:px-2.5">
        <Logo />
        <span className="max-sm:sr-only">Rondo</span>
      </span>
      <Button
        title="Search or jump to (Ctrl+K)"
        onClick={onSearch}
        className="text-muted max-lg:order-last max-lg:border-transparent max-lg:bg-transparent lg:mb-2 lg:justify-start"
      >
        <Search aria-hidden size={14} />
        <span className="max-lg:sr-only">Search</span>
        <kbd aria-hidden className="ml-auto font-sans text-2xs text-faint max-lg:hidden">
          Ctrl K
        </kbd>
      </Button>
      {destinations.map(({ to, label, Icon }) => (
        <NavLink
          key={to}
          to={to}
          end={to === '/'}
          aria-label={label}
          className={({ isActive }) =>
            classes(
              'flex h-9 items-center gap-2.5 rounded-control px-2.5 text-sm',
              isActive ? 'bg-raised font-medium text-text' : 'text-muted hover:bg-raised hover:text-text',
            )
          }
        >
          <Icon aria-hidden size={15} />
          <span className="max-sm:hidden">{label}</span>
        </NavLink>
      ))}
    </nav>
  );
}

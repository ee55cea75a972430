import { Activity, Boxes, ChartSpline, List, Settings } from 'lucide-react';
import { lazy, Suspense } from 'react';
import { NavLink, Outlet, useParams, useSearchParams } from 'react-router';
import { useEventStream } from '../../hooks/useEventStream.ts';
import { classes } from '../../lib/classes.ts';
import { ConnectionStatus } from '../ConnectionStatus/ConnectionStatus.tsx';
import { RunHeader } from '../RunHeader/RunHeader.tsx';
import { ThemeToggle } from '../ThemeToggle/ThemeToggle.tsx';
import { UserMenu } from '../UserMenu/UserMenu.tsx';
import { Logo } from '../ui/Logo.tsx';

/** Opened by hand, from whatever page names a checkpoint. */
const ModelDrawer = lazy(async () => ({ default: (await import('../ModelDrawer/ModelDrawer.tsx')).ModelDrawer }));

const destinations = [
  { to: '/', label: 'Live', Icon: Activity, isWhole: true },
  { to: '/runs', label: 'Runs', Icon: List, isWhole: true },
  { to: '/series', label: 'Metrics', Icon: ChartSpline, isWhole: true },
  { to: '/models', label: 'Models', Icon: Boxes, isWhole: true },
  { to: '/settings', label: 'Settings', Icon: Settings, isWhole: false },
] as const;

/** What surrounds every page of somebody signed in; it keeps the live stream running. */
export function AppShell() {
  useEventStream(useParams().run_id ?? null);
  const hasModel = useSearchParams()[0].has('model');
  return (
    <div className="min-h-dvh lg:grid lg:grid-cols-[196px_minmax(0,1fr)]">
      <a
        href="#main"
        className="absolute top-2 left-2 z-50 -translate-y-20 rounded-control bg-accent px-3 py-1.5 text-sm text-on-accent focus:translate-y-0"
      >
        Skip to the content
      </a>
      <Nav />
      <div className="min-w-0">
        <header className="flex min-h-[52px] flex-wrap items-center justify-between gap-x-4 gap-y-2 border-b border-line px-3 py-2 sm:px-5">
          <RunHeader />
          <div className="ml-auto flex items-center gap-3">
            <ConnectionStatus />
            <ThemeToggle />
            <UserMenu />
          </div>
        </header>
        <main id="main" tabIndex={-1} className="p-3 outline-none sm:p-5">
          <Outlet />
        </main>
      </div>
      {hasModel && (
        <Suspense fallback={null}>
          <ModelDrawer />
        </Suspense>
      )}
    </div>
  );
}

function Nav() {
  const run_id = useParams().run_id;
  // Metrics are of one run: the picked one stays picked.
  const addressOf = (to: string) =>
    to === '/series' && run_id !== undefined ? `/runs/${encodeURIComponent(run_id)}/series` : to;
  return (
    <nav
      aria-label="Main"
      className="flex items-center gap-1 border-line px-4 max-lg:h-12 max-lg:border-b lg:sticky lg:top-0 lg:h-dvh lg:flex-col lg:items-stretch lg:border-r lg:px-2.5"
    >
      <span className="flex h-[52px] items-center gap-2.5 text-[16px] font-semibold max-lg:mr-3 lg:mb-1 lg:px-2.5">
        <Logo />
        Rondo
      </span>
      {destinations.map(({ to, label, Icon, isWhole }) => (
        <NavLink
          key={to}
          to={addressOf(to)}
          end={isWhole}
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

import { useState } from 'react';
import { Outlet, useLocation, useParams, useSearchParams } from 'react-router';
import { useEventStream } from '../../hooks/useEventStream.ts';
import { useIsPast } from '../../hooks/usePast.ts';
import { usePrefetch } from '../../hooks/usePrefetch.ts';
import { useSelectClient } from '../../hooks/useSelectClient.ts';
import { useTabTitle } from '../../hooks/useTabTitle.ts';
import { useWall } from '../../hooks/useWall.ts';
import { classes } from '../../lib/classes.ts';
import { tabOf } from '../../lib/run-tabs.ts';
import { AlertToasts } from '../AlertToasts/AlertToasts.tsx';
import { ConnectionStatus } from '../ConnectionStatus/ConnectionStatus.tsx';
import { CopyLink } from '../CopyLink/CopyLink.tsx';
import { NewVersion } from '../NewVersion/NewVersion.tsx';
import { Notices } from '../Notices/Notices.tsx';
import { PageHeader } from '../PageHeader/PageHeader.tsx';
import { RunHeader } from '../RunHeader/RunHeader.tsx';
import type { Overlay } from '../Shortcuts/Shortcuts.tsx';
import { ThemeToggle } from '../ThemeToggle/ThemeToggle.tsx';
import { UserMenu } from '../UserMenu/UserMenu.tsx';
import { Button } from '../ui/Button.tsx';
import { ErrorBoundary } from '../ui/ErrorBoundary.tsx';
import { lazyPart } from '../ui/lazy-part.tsx';
import { Nav } from './Nav.tsx';

/** Opened by hand, from any page that names a checkpoint. */
const ModelDrawer = lazyPart({
  what: 'The model drawer',
  load: async () => (await import('../ModelDrawer/ModelDrawer.tsx')).ModelDrawer,
  isDialog: true,
});

/** Beside the list of clients that it belongs to. */
const ClientDrawer = lazyPart({
  what: 'The client drawer',
  load: async () => (await import('../ClientDrawer/ClientDrawer.tsx')).ClientDrawer,
  isDialog: true,
});

/** On the page with the metrics, `client` in the address names a series. */
const hasPeek = (pathname: string): boolean => !['metrics', null].includes(tabOf(pathname));

/** Only for those who look at an earlier moment. */
const TimeMachine = lazyPart({
  what: 'The time machine',
  load: async () => (await import('../TimeMachine/TimeMachine.tsx')).TimeMachine,
});

const Shortcuts = lazyPart({
  what: 'The search and the keyboard shortcuts',
  load: async () => (await import('../Shortcuts/Shortcuts.tsx')).Shortcuts,
  isDialog: true,
});

/** What surrounds every page after sign-in. It keeps the live stream running, and stays whatever becomes of a page. */
export function AppShell() {
  const { pathname } = useLocation();
  const [params, setParams] = useSearchParams();
  const selectClient = useSelectClient();
  const of_client = pathname.startsWith('/clients/') ? params.get('run') : null;
  const { run_id } = useParams();
  useEventStream(run_id ?? of_client);
  const isPast = useIsPast();
  // A link within the run does not name the moment, and keeps it.
  const ofRun = run_id !== undefined && tabOf(pathname) !== null ? run_id : of_client;
  const hasTimeMachine = ofRun !== null && (params.has('at') || isPast);
  const [overlay, setOverlay] = useState<Overlay>(null);
  const [isWall, setWall] = useWall();
  usePrefetch(pathname);
  useTabTitle();
  const closeModel = () =>
    setParams((before) => {
      const next = new URLSearchParams(before);
      next.delete('model');
      next.delete('model_run');
      return next;
    });
  return (
    <div
      data-wall={isWall || undefined}
      className={classes('relative min-h-dvh', !isWall && 'lg:grid lg:grid-cols-[196px_minmax(0,1fr)]')}
    >
      <a
        href="#main"
        className="absolute top-2 left-2 z-50 -translate-y-20 rounded-control bg-accent px-3 py-1.5 text-sm text-on-accent focus:translate-y-0"
      >
        Skip to the content
      </a>
      {!isWall && <Nav onSearch={() => setOverlay('palette')} />}
      <div className="min-w-0">
        <header className="flex min-h-11 flex-wrap items-center justify-between gap-x-2 gap-y-2 border-b border-line px-3 py-2 sm:gap-x-4 sm:px-5 lg:min-h-[52px] xl:flex-nowrap">
          <ErrorBoundary what="The header of the run" resetKey={pathname}>
            {tabOf(pathname) !== null ? <RunHeader /> : <PageHeader />}
          </ErrorBoundary>
          <div className="ml-auto flex shrink-0 items-center gap-3">
            <ConnectionStatus />
            {isWall ? (
              <Button size="small" look="quiet" onClick={() => setWall(false)}>
                Leave the wall display
              </Button>
            ) : (
              // On a phone they stand in the bar above, so that the page begins a line higher.
              <span className="flex items-center gap-2 max-lg:absolute max-lg:top-2 max-lg:right-3">
                <CopyLink />
                <ThemeToggle />
                <UserMenu />
              </span>
            )}
          </div>
        </header>
        <main id="main" tabIndex={-1} className="p-3 outline-none sm:p-5">
          <NewVersion />
          {hasTimeMachine && <TimeMachine key={ofRun} />}
          <ErrorBoundary what="This page" resetKey={pathname}>
            <Outlet />
          </ErrorBoundary>
        </main>
      </div>
      {params.has('client') && hasPeek(pathname) && <ClientDrawer onDismiss={() => selectClient(null)} />}
      <Shortcuts overlay={overlay} onOverlay={setOverlay} onDismiss={() => setOverlay(null)} />
      <AlertToasts />
      <Notices />
      {params.has('model') && <ModelDrawer onDismiss={closeModel} />}
    </div>
  );
}

import type { ReactNode } from 'react';
import { Link, useParams } from 'react-router';
import { useFLData } from '../../hooks/useFLData.ts';
import { useLinkFace } from '../../hooks/useLinkFace.ts';
import { useMomentOfAddress } from '../../hooks/useMomentOfAddress.ts';
import { useIsPast } from '../../hooks/usePast.ts';
import { classes } from '../../lib/classes.ts';
import { StaleBanner } from '../StaleBanner/StaleBanner.tsx';
import { EmptyState } from '../ui/EmptyState.tsx';
import { lazyPart } from '../ui/lazy-part.tsx';
import { Skeleton } from '../ui/Skeleton.tsx';

const NoRuns = lazyPart({
  what: 'The page for the first run',
  load: async () => (await import('../NoRuns/NoRuns.tsx')).NoRuns,
  fallback: <LoadingFace />,
});

interface LiveGateProps {
  /** What the page is, for its heading; the overview when absent. */
  readonly title?: string | undefined;
  readonly children: ReactNode;
}

/** Shows the live page where there is something live to show, and dims it when that has become old. */
export function LiveGate({ title, children }: LiveGateProps) {
  const named = useMomentOfAddress();
  const name = useFLData((state) => state.viewer.run?.name ?? null);
  const isRunning = useFLData((state) => state.viewer.run?.status === 'running');
  // A run that is over is not live.
  const page = title ?? (name === null || (isRunning && named === null) ? 'Live' : 'Run');
  const isStale = useLinkFace().face === 'stale';
  const isMissing = useFLData((state) => state.link.is_missing);
  // The present must not show where the address names the past.
  const isPast = useIsPast();
  const picked = useParams().run_id;
  const isOnItsWay = named !== null && !isPast && picked !== undefined;
  return (
    <>
      <h1 className="sr-only">{name === null ? page : `${page}: ${name}`}</h1>
      <StaleBanner />
      <div
        className={classes('flow-root transition-opacity duration-300', isStale && 'opacity-90 saturate-[0.35]')}
        data-stale={isStale}
      >
        {isMissing ? (
          <MissingRun name={name} />
        ) : name === null ? (
          <NothingToShow />
        ) : isOnItsWay ? (
          <LoadingFace />
        ) : (
          children
        )}
      </div>
    </>
  );
}

/** What was on screen is not shown any more, because it no longer exists for anyone. */
function MissingRun({ name }: { readonly name: string | null }) {
  const picked = useParams().run_id;
  return (
    <div role="status">
      <EmptyState title={name === null ? `There is no run “${picked}”` : `The run “${name}” was deleted`}>
        {name === null ? 'It may have been deleted. ' : 'All that was reported of it was deleted for everyone. '}
        <Link to="/" className="text-accent underline">
          Follow the newest run
        </Link>{' '}
        instead, or{' '}
        <Link to="/runs" className="text-accent underline">
          pick another
        </Link>
        .
      </EmptyState>
    </div>
  );
}

function NothingToShow() {
  const picked = useParams().run_id;
  const isLoaded = useFLData((state) => state.is_loaded);
  // Loaded without a run: the server has said that there is none.
  if (isLoaded && picked === undefined) return <NoRuns />;
  return <LoadingFace />;
}

function LoadingFace() {
  return (
    <div role="status" aria-label="Loading the run" className="grid gap-4 xl:grid-cols-[minmax(0,1fr)_412px]">
      <div className="flex flex-col gap-4">
        <Skeleton className="h-32" />
        <Skeleton className="h-24" />
        <Skeleton className="h-96" />
      </div>
      <div className="flex flex-col gap-4">
        <Skeleton className="h-72" />
        <Skeleton className="h-56" />
      </div>
    </div>
  );
}

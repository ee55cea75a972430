import { lazy, type ReactNode, Suspense } from 'react';
import { Link, useParams } from 'react-router';
import { useFLData } from '../../hooks/useFLData.ts';
import { useLinkFace } from '../../hooks/useLinkFace.ts';
import { classes } from '../../lib/classes.ts';
import { StaleBanner } from '../StaleBanner/StaleBanner.tsx';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Skeleton } from '../ui/Skeleton.tsx';

const NoRuns = lazy(async () => ({ default: (await import('../NoRuns/NoRuns.tsx')).NoRuns }));

/** The close code for a run that is not there; a test holds it equal to the protocol's. */
export const runNotFoundCode = 4004;

interface LiveGateProps {
  /** What the page is, for its heading. */
  readonly title?: string;
  readonly children: ReactNode;
}

/** Shows the live page where there is something live to show, and dims it when that has become old. */
export function LiveGate({ title = 'Live', children }: LiveGateProps) {
  const name = useFLData((state) => state.viewer.run?.name ?? null);
  const isStale = useLinkFace().face === 'stale';
  return (
    <>
      <h1 className="sr-only">{name === null ? title : `${title}: ${name}`}</h1>
      <StaleBanner />
      <div
        className={classes('transition-opacity duration-300', isStale && 'opacity-90 saturate-[0.35]')}
        data-stale={isStale}
      >
        {name === null ? <NothingToShow /> : children}
      </div>
    </>
  );
}

function NothingToShow() {
  const picked = useParams().run_id;
  const link = useFLData((state) => state.link);
  const isLoaded = useFLData((state) => state.is_loaded);
  if (link.state === 'waiting' && link.close_code === runNotFoundCode) {
    return (
      <EmptyState title={`There is no run “${picked}”`}>
        It may have been deleted.{' '}
        <Link to="/" className="text-accent underline">
          Follow the newest run
        </Link>{' '}
        instead.
      </EmptyState>
    );
  }
  // Loaded without a run: the server has said that there is none.
  if (isLoaded && picked === undefined) {
    return (
      <Suspense fallback={<LoadingFace />}>
        <NoRuns />
      </Suspense>
    );
  }
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

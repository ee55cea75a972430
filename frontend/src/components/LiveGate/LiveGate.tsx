import { lazy, type ReactNode, Suspense } from 'react';
import { Link, useParams } from 'react-router';
import { useFLData } from '../../hooks/useFLData.ts';
import { useLinkFace } from '../../hooks/useLinkFace.ts';
import { classes } from '../../lib/classes.ts';
import { StaleBanner } from '../StaleBanner/StaleBanner.tsx';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Skeleton } from '../ui/Skeleton.tsx';

const NoRuns = lazy(async () => ({ default: (await import('../NoRuns/NoRuns.tsx')).NoRuns }));

interface LiveGateProps {
  /** What the page is, for its heading. */
  readonly title?: string;
  readonly children: ReactNode;
}

/** Shows the live page where there is something live to show, and dims it when that has become old. */
export function LiveGate({ title = 'Live', children }: LiveGateProps) {
  const name = useFLData((state) => state.viewer.run?.name ?? null);
  const isStale = useLinkFace().face === 'stale';
  const isMissing = useFLData((state) => state.link.is_missing);
  return (
    <>
      <h1 className="sr-only">{name === null ? title : `${title}: ${name}`}</h1>
      <StaleBanner />
      <div
        className={classes('transition-opacity duration-300', isStale && 'opacity-90 saturate-[0.35]')}
        data-stale={isStale}
      >
        {isMissing ? <MissingRun name={name} /> : name === null ? <NothingToShow /> : children}
      </div>
    </>
  );
}

/** What was seen of it is not shown any more: it is gone for everybody. */
function MissingRun({ name }: { readonly name: string | null }) {
  const picked = useParams().run_id;
  return (
    <div role="status">
      <EmptyState title={name === null ? `There is no run “${picked}”` : `The run “${name}” was deleted`}>
        {name === null ? 'It may have been deleted. ' : 'All that was reported of it is gone, for everybody. '}
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

import { Link, useSearchParams } from 'react-router';
import { useRunsById } from '../../hooks/useCompared.ts';
import { plural } from '../../lib/format.ts';
import { Alert } from '../ui/Alert.tsx';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Loaded } from '../ui/Loaded.tsx';
import { ComparedRuns } from './ComparedRuns.tsx';
import { maxCompared } from './compare.ts';

/** Runs beside each other: curves, figures and what differs in their config. All of it is in the address. */
export function CompareRuns() {
  const [params] = useSearchParams();
  const ids = [...new Set(params.getAll('run'))];
  const compared = ids.slice(0, maxCompared);
  const answer = useRunsById(compared);
  if (ids.length < 2) {
    return (
      <EmptyState title="Select the runs to compare">
        <Link to="/runs" className="text-accent underline">
          Select two or more in the list of runs
        </Link>
        , then press Compare.
      </EmptyState>
    );
  }
  return (
    <>
      {ids.length > maxCompared && (
        <Alert>
          {maxCompared} of {ids.length} runs are shown: more cannot be told apart. Select fewer.
        </Alert>
      )}
      <Loaded what="The runs" answer={answer}>
        {({ runs, missing }) => (
          <>
            {missing.length > 0 && (
              <Alert>
                {plural(missing.length, 'run')} could not be read: {missing.join(', ')}
              </Alert>
            )}
            <ComparedRuns runs={runs} />
          </>
        )}
      </Loaded>
    </>
  );
}

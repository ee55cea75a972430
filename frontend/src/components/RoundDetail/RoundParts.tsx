import type { RoundDetail } from '@rondo/protocol';
import { useMemo } from 'react';
import { useAddress } from '../../hooks/useAddress.ts';
import { classes } from '../../lib/classes.ts';
import { outcomeLooks } from '../ui/OutcomeText.tsx';
import { FailureReasons } from './FailureReasons.tsx';
import { nameOfRange, readFilter, writeRange } from './filter-updates.ts';
import { RoundHistograms } from './RoundHistograms.tsx';
import { RoundTimeline } from './RoundTimeline.tsx';
import { UpdateTable } from './UpdateTable.tsx';

const outcomes = Object.keys(outcomeLooks);

/** At a desk the timeline has the right half, and what is short stands above each other in the left one. */
const besideTimeline = 'xl:[&>:nth-child(n+2):last-child]:col-start-2 xl:[&>:nth-child(n+2):last-child]:row-start-1';
const stacked =
  'xl:[&>:nth-child(3)]:row-span-2 min-[118rem]:grid-cols-3 min-[118rem]:[&>:nth-child(3)]:col-start-3 min-[118rem]:[&>:nth-child(3)]:row-span-1';

/** What its clients did: why they failed, how they are spread, how long they took, and each of them. */
export function RoundParts({ round }: { readonly round: RoundDetail }) {
  const [params, change] = useAddress();
  const address = params.toString();
  const filter = useMemo(() => readFilter(new URLSearchParams(address), outcomes), [address]);
  const updates = round.client_updates;
  const hasFailures = updates.some(({ outcome }) => outcome === 'failed');
  return (
    <>
      {updates.length > 0 && (
        <div className={classes('grid items-start gap-4 xl:grid-cols-2', besideTimeline, hasFailures && stacked)}>
          <FailureReasons updates={updates} chosen={filter.reason} onChoose={(reason) => change({ reason })} />
          <RoundHistograms
            updates={updates}
            ranges={filter.ranges}
            onRange={(measure, range) => change({ [nameOfRange(measure)]: writeRange(range) })}
          />
          <RoundTimeline round={round} updates={updates} />
        </div>
      )}
      <UpdateTable round={round} filter={filter} onFilter={change} />
    </>
  );
}

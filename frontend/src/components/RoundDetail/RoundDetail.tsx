import { ChevronLeft, ChevronRight } from 'lucide-react';
import { Link } from 'react-router';
import { useRoundDetail } from '../../hooks/useRoundDetail.ts';
import { runPath } from '../../lib/run-tabs.ts';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Loaded } from '../ui/Loaded.tsx';
import { RoundFacts } from './RoundFacts.tsx';
import { RoundParts } from './RoundParts.tsx';

interface RoundDetailProps {
  readonly run_id: string;
  readonly round: number;
}

/** One round: what it measured, and what each of its clients returned. */
export function RoundDetail({ run_id, round }: RoundDetailProps) {
  const answer = useRoundDetail(run_id, round);
  return (
    <>
      <div className="mb-4 flex flex-wrap items-center justify-between gap-3">
        <h1 className="text-[20px] leading-7 font-semibold">Round {round}</h1>
        <nav aria-label="Rounds" className="flex items-center gap-1.5 text-sm">
          {/* Numbers may have holes: only rounds that exist are offered. [B17] */}
          {answer.previous != null && (
            <Link
              to={runPath(run_id, `rounds/${answer.previous}`)}
              aria-label={`Round ${answer.previous}`}
              className={stepLook}
            >
              <ChevronLeft aria-hidden size={14} />
              {answer.previous}
            </Link>
          )}
          {answer.next != null && (
            <Link
              to={runPath(run_id, `rounds/${answer.next}`)}
              aria-label={`Round ${answer.next}`}
              className={stepLook}
            >
              {answer.next}
              <ChevronRight aria-hidden size={14} />
            </Link>
          )}
        </nav>
      </div>
      {answer.isMissing ? (
        <section className="panel">
          <EmptyState title={`There is no round ${round} in this run`}>It may not have started yet.</EmptyState>
        </section>
      ) : (
        <Loaded what="The round" answer={answer}>
          {(detail) => (
            <div className="flex flex-col gap-4">
              <RoundFacts round={detail} />
              <RoundParts round={detail} />
            </div>
          )}
        </Loaded>
      )}
    </>
  );
}

const stepLook =
  'inline-flex h-8 items-center gap-1 rounded-control border border-line bg-panel px-2.5 text-soft hover:bg-raised hover:text-text';

import { currentRoundOf, type Round, type Run } from '@rondo/protocol';
import { useFLData } from '../../hooks/useFLData.ts';
import { EmptyState } from '../ui/EmptyState.tsx';
import { MultilineText } from '../ui/MultilineText.tsx';
import { CloseNow } from './CloseNow.tsx';
import { describeEnd } from './describe-end.ts';
import { RoundAccount } from './RoundAccount.tsx';
import { RoundPhases } from './RoundPhases.tsx';
import { RoundTimes } from './RoundTimes.tsx';
import { StopRound } from './StopRound.tsx';
import { StopState } from './StopState.tsx';
import { WaitingSentence } from './WaitingSentence.tsx';

/** Where are we? Round n of N, its phase, its account, who is awaited, the time left, and the one dangerous act. */
export function RoundMonitor() {
  const round = useFLData((state) => currentRoundOf(state.viewer));
  const run = useFLData((state) => state.viewer.run);
  return (
    <section
      aria-label="Current round"
      className="panel @container min-w-0 p-4"
      data-testid="round-monitor"
      data-round={round?.round}
      data-status={round?.status}
    >
      {round && run ? <RoundFace round={round} run={run} /> : <NoRoundYet run={run} />}
    </section>
  );
}

function RoundFace({ round, run }: { readonly round: Round; readonly run: Run }) {
  const end = describeEnd(round, run);
  const isRunOver = run.status !== 'running';
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-3">
        <div className="flex flex-col gap-x-4 gap-y-1 @min-[860px]:flex-row @min-[860px]:items-center">
          <h2 className="flex items-baseline gap-2 whitespace-nowrap text-[16px] text-muted">
            Round <span className="text-[28px] leading-8 font-semibold text-text">{round.round}</span>
            {run.num_rounds !== null && <span>/ {run.num_rounds}</span>}
          </h2>
          <RoundPhases round={round} isRunOver={isRunOver} />
        </div>
        <div className="flex items-center gap-3">
          <RoundTimes round={round} run={run} />
          <span className="flex flex-wrap justify-end gap-1.5 wall:hidden">
            <CloseNow round={round} run={run} />
            <StopRound round={round} run={run} />
          </span>
        </div>
      </div>
      <RoundAccount round={round} isRunOver={isRunOver} />
      <WaitingSentence round={round} run={run} />
      {run.stop && <StopState stop={run.stop} scope="run" round={round} run={run} />}
      {round.stop && <StopState stop={round.stop} scope="round" round={round} run={run} />}
      {end && (
        <div className={end.isBad ? 'mt-3 text-sm text-failed' : 'mt-3 text-sm text-soft'} role="status">
          {end.text}
          {end.reason !== null && (
            <>
              {': '}
              <MultilineText text={end.reason} />
            </>
          )}
        </div>
      )}
    </>
  );
}

function NoRoundYet({ run }: { readonly run: Run | null }) {
  if (run === null) return <EmptyState title="Waiting for the first data of this run…" />;
  if (run.status !== 'running') return <EmptyState title={`This run is ${run.status} and had no rounds.`} />;
  return (
    <EmptyState title="No round has started yet">
      The run is connected. Its first round appears here as soon as the FL server has selected clients.
    </EmptyState>
  );
}

import { isRoundOver, type Round } from '@rondo/protocol';
import { memo } from 'react';
import { useFLData } from '../../hooks/useFLData.ts';
import { useRounds } from '../../hooks/useRounds.ts';
import { formatClock, formatDuration, noValue } from '../../lib/format.ts';
import { AccountBar } from '../ui/AccountBar.tsx';
import { EmptyState } from '../ui/EmptyState.tsx';
import { MetricText } from '../ui/MetricText.tsx';
import { Panel } from '../ui/Panel.tsx';
import { bestRound } from './best-round.ts';

const shown = 6;

export function RecentRounds() {
  const history = useFLData((state) => state.viewer.metrics_history);
  const finished = useRounds().filter(isRoundOver);
  const best = bestRound(history);
  const recent = finished.slice(0, shown);
  const note = finished.length > shown ? `newest ${shown} of ${finished.length}` : undefined;
  return (
    <Panel title="Recent rounds" note={note} testId="recent-rounds">
      {recent.length === 0 ? (
        <EmptyState title="No round has finished yet">
          The first one shows here with its loss, accuracy and time.
        </EmptyState>
      ) : (
        <table className="w-full text-right text-sm">
          <thead>
            <tr className="border-b border-line text-xs text-muted [&>th]:pb-2 [&>th]:font-normal [&>th+th]:pl-3">
              <th scope="col" className="text-left">
                Round
              </th>
              <th scope="col">Clients</th>
              <th scope="col">Loss</th>
              <th scope="col">Accuracy</th>
              <th scope="col">Time</th>
            </tr>
          </thead>
          <tbody>
            {recent.map((round) => (
              <RoundRow key={round.round} round={round} isBest={round.round === best} />
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}

const RoundRow = memo(function RoundRow({ round, isBest }: { readonly round: Round; readonly isBest: boolean }) {
  return (
    <tr className="border-b border-line last:border-0 [&>td]:py-2 [&>td]:pl-3" data-round={round.round}>
      <th scope="row" className="py-2 text-left font-normal whitespace-nowrap">
        {round.round}
        {isBest && <span className="ml-1.5 text-xs text-accent">best</span>}
        {round.status !== 'complete' && <span className="ml-1.5 text-xs text-failed">{round.status}</span>}
      </th>
      <td>
        <span className="sr-only">
          {round.num_clients_completed} of {round.num_clients_expected} returned
        </span>
        <AccountBar round={round} className="ml-auto h-1.5 w-16 sm:w-20" />
      </td>
      <td>
        <MetricText value={round.global_loss} />
      </td>
      <td>
        <MetricText value={round.global_accuracy} as="share" />
      </td>
      <td className="whitespace-nowrap text-soft">{timeOf(round)}</td>
    </tr>
  );
});

function timeOf({ started_at, completed_at }: Round): string {
  if (completed_at === null) return noValue;
  const ms = Date.parse(completed_at) - Date.parse(started_at);
  return ms < 10_000 ? formatDuration(ms) : formatClock(ms);
}

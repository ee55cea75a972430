import { accountOf, type Round } from '@rondo/protocol';
import { Link } from 'react-router';
import { formatClock, formatCount, formatDuration, noValue } from '../../lib/format.ts';
import { AccountBar, shownParts } from '../ui/AccountBar.tsx';
import { Detail, Details } from '../ui/Details.tsx';
import { MetricText } from '../ui/MetricText.tsx';
import { Moment } from '../ui/Moment.tsx';
import { MultilineText } from '../ui/MultilineText.tsx';
import { Panel } from '../ui/Panel.tsx';

export function RoundFacts({ round }: { readonly round: Round }) {
  const account = accountOf(round);
  return (
    <Panel title="What became of it" note={`${formatCount(account.selected)} selected`} testId="round-facts">
      <AccountBar round={round} className="h-2.5" />
      <ul className="mt-3 mb-5 flex flex-wrap gap-x-4 gap-y-1 text-xs text-soft">
        {shownParts(account).map(({ key, label, fill }) => (
          <li key={key} className="flex items-center gap-2 whitespace-nowrap">
            <span aria-hidden className={`size-2.5 rounded-xs ${fill}`} />
            {formatCount(account[key])} {label}
          </li>
        ))}
      </ul>
      <Details isRoomy>
        <Detail name="State">
          {round.status}
          {round.reason !== null && !isMultiline(round.reason) && `: ${round.reason}`}
        </Detail>
        <Detail name="Started">
          <Moment at={round.started_at} />
        </Detail>
        <Detail name="Took">{timeOf(round)}</Detail>
        <Detail name="Model">
          {round.model_version === null ? (
            noValue
          ) : (
            <Link
              to={{ search: `?${new URLSearchParams({ model: round.model_version })}` }}
              className="text-accent hover:underline"
            >
              {round.model_version}
            </Link>
          )}
        </Detail>
        <Detail name="Global loss">
          <MetricText value={round.global_loss} />
        </Detail>
        <Detail name="Global accuracy">
          <MetricText value={round.global_accuracy} as="share" />
        </Detail>
        {Object.entries(round.metrics).map(([name, value]) => (
          <Detail key={name} name={name}>
            <MetricText value={value} />
          </Detail>
        ))}
        {round.stop && (
          <Detail name="Stop" isWide>
            {round.stop.state}, asked for by {round.stop.requested_by}: {round.stop.reason}
          </Detail>
        )}
        {round.reason !== null && isMultiline(round.reason) && (
          <Detail name="Reason" isWide>
            <MultilineText text={round.reason} />
          </Detail>
        )}
      </Details>
    </Panel>
  );
}

const isMultiline = (text: string): boolean => text.trimEnd().includes('\n');

function timeOf({ started_at, completed_at }: Round): string {
  if (completed_at === null) return 'not over yet';
  const ms = Date.parse(completed_at) - Date.parse(started_at);
  return ms < 10_000 ? formatDuration(ms) : formatClock(ms);
}

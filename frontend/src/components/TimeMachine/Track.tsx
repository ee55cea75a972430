import type { AttentionEpisode, Round } from '@rondo/protocol';
import { memo, useMemo } from 'react';

interface TrackProps {
  readonly atMs: number;
  readonly span: { readonly from: number; readonly to: number };
  readonly words: string;
  readonly rounds: readonly Round[];
  readonly episodes: readonly AttentionEpisode[];
  readonly onMove: (atMs: number) => void;
  /** Whether the key meant something. */
  readonly onKey: (key: string) => boolean;
  readonly onToggle: () => void;
}

/** The scrubber: the browser's own slider, over the rounds of the run. */
export function Track({ atMs, span, words, rounds, episodes, onMove, onKey, onToggle }: TrackProps) {
  const share = span.to === span.from ? 1 : (atMs - span.from) / (span.to - span.from);
  return (
    <div className="relative h-8 min-w-0 grow rounded-control has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent">
      <Marks span={span} rounds={rounds} episodes={episodes} />
      <div
        aria-hidden
        className="pointer-events-none absolute inset-y-0 left-0 rounded-l-control bg-accent/20"
        style={{ width: `${share * 100}%` }}
      />
      <div
        aria-hidden
        className="pointer-events-none absolute inset-y-0 w-0.5 -translate-x-1/2 bg-accent"
        style={{ left: `${share * 100}%` }}
      />
      <input
        type="range"
        aria-label="Moment"
        aria-valuetext={words}
        min={span.from}
        max={span.to}
        step={1}
        value={atMs}
        onChange={({ target }) => onMove(Number(target.value))}
        onKeyDown={(event) => {
          if (event.ctrlKey || event.metaKey || event.altKey) return;
          if (event.key === ' ') onToggle();
          else if (!onKey(event.key)) return;
          event.preventDefault();
          event.stopPropagation();
        }}
        className="absolute inset-0 h-full w-full cursor-ew-resize opacity-0"
      />
    </div>
  );
}

/** As many as one can tell apart. */
const mostMarks = 400;

const fills: Partial<Record<Round['status'], string>> = { failed: 'var(--failed)', stopped: 'var(--no-reply)' };

/** More warnings than this say nothing by their place. */
const mostWarnings = 20;

/** The rounds as bars, those that failed or were stopped in their colour, and where a finding began. */
const Marks = memo(function Marks({ span, rounds, episodes }: Pick<TrackProps, 'span' | 'rounds' | 'episodes'>) {
  const length = Math.max(1, span.to - span.from);
  const xOf = (moment: number) => ((moment - span.from) / length) * 1_000;
  const every = Math.ceil(rounds.length / mostMarks);
  const shown = useMemo(
    () => rounds.filter(({ status }, at) => at % every === 0 || fills[status] !== undefined),
    [rounds, every],
  );
  const endOf = useMemo(() => new Map(rounds.map(({ round, completed_at }) => [round, completed_at])), [rounds]);
  return (
    <svg
      aria-hidden="true"
      viewBox="0 0 1000 32"
      preserveAspectRatio="none"
      className="absolute inset-0 h-full w-full rounded-control bg-raised"
    >
      {shown.map(({ round, status, started_at, completed_at }) => {
        const from = xOf(Date.parse(started_at));
        const to = completed_at === null ? 1_000 : xOf(Date.parse(completed_at));
        return (
          <rect
            key={round}
            x={from}
            y={status === 'complete' ? 24 : 16}
            width={Math.max(0.6, (to - from) * (completed_at === null ? 1 : 0.8))}
            height={status === 'complete' ? 8 : 16}
            fill={fills[status] ?? 'var(--edge)'}
          />
        );
      })}
      {loudest(episodes).map(({ rule, client_id, steps: [first] }) => {
        const end = first === undefined ? null : (endOf.get(first.round) ?? null);
        if (first === undefined || end === null) return null;
        const x = xOf(Date.parse(end));
        return (
          <path
            key={`${rule} ${client_id} ${first.round}`}
            d={`M${x - 2} 0h4l-2 7z`}
            fill={first.severity === 'critical' ? 'var(--failed)' : 'var(--no-reply)'}
          />
        );
      })}
    </svg>
  );
});

/** The critical findings and, where they are few, the warnings. */
function loudest(episodes: readonly AttentionEpisode[]): readonly AttentionEpisode[] {
  const of = (severity: string) => episodes.filter(({ steps }) => steps.some((step) => step.severity === severity));
  const warnings = of('warning');
  return [...of('critical'), ...(warnings.length > mostWarnings ? [] : warnings)].slice(0, mostMarks);
}

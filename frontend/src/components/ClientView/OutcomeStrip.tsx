import type { ClientUpdate, Outcome } from '@rondo/protocol';
import { type KeyboardEvent, type PointerEvent, useMemo, useState } from 'react';
import { useNavigate } from 'react-router';
import { formatCount } from '../../lib/format.ts';
import { runPath } from '../../lib/run-tabs.ts';
import { outcomeLooks } from '../ui/OutcomeText.tsx';

const fills: Readonly<Record<Outcome, string>> = {
  complete: 'var(--returned)',
  failed: 'var(--failed)',
  no_reply: 'var(--no-reply)',
  unreported: 'var(--muted)',
  pending: 'var(--waiting)',
};
/** Lower marks are worse, so that the strip can be read without colour. */
const heights: Readonly<Record<Outcome, number>> = {
  complete: 6,
  pending: 10,
  unreported: 14,
  no_reply: 18,
  failed: 24,
};

interface OutcomeStripProps {
  readonly run_id: string;
  readonly updates: readonly ClientUpdate[];
}

/** What became of the client in every round of the run: the taller the mark, the worse. */
export function OutcomeStrip({ run_id, updates }: OutcomeStripProps) {
  const oldestFirst = useMemo(() => [...updates].sort((a, b) => a.round - b.round), [updates]);
  const [at, setAt] = useState<number | null>(null);
  const navigate = useNavigate();
  const count = oldestFirst.length;
  const counts = new Map<Outcome, number>();
  for (const { outcome } of updates) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const open = (index: number | null) => {
    const round = index === null ? undefined : oldestFirst[index]?.round;
    if (round !== undefined) void navigate(runPath(run_id, `rounds/${round}`));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const moves: Record<string, () => void> = {
      ArrowLeft: () => setAt(Math.max(0, (at ?? count) - 1)),
      ArrowRight: () => setAt(Math.min(count - 1, (at ?? -1) + 1)),
      Home: () => setAt(0),
      End: () => setAt(count - 1),
      Enter: () => open(at),
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  };
  const indexOf = (event: PointerEvent<HTMLElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    return Math.max(0, Math.min(count - 1, Math.floor(((event.clientX - left) / Math.max(1, width)) * count)));
  };
  const shown = at === null ? undefined : oldestFirst[at];
  const words = shown ? `round ${shown.round}: ${outcomeLooks[shown.outcome].label}` : null;
  return (
    <div data-testid="outcome-strip">
      <div
        role="slider"
        tabIndex={0}
        aria-label="What became of it by round. Arrow keys move, Enter opens the round."
        aria-valuemin={Number(oldestFirst[0]?.round ?? 0)}
        aria-valuemax={Number(oldestFirst.at(-1)?.round ?? 0)}
        aria-valuenow={Number(shown?.round ?? oldestFirst.at(-1)?.round ?? 0)}
        aria-valuetext={words ?? `${count} rounds`}
        onKeyDown={onKeyDown}
        onBlur={() => setAt(null)}
        onPointerMove={(event) => setAt(indexOf(event))}
        onPointerLeave={() => setAt(null)}
        onClick={() => open(at)}
        className="cursor-pointer rounded-control"
      >
        <svg
          aria-hidden
          viewBox={`0 0 ${Math.max(1, count)} 24`}
          preserveAspectRatio="none"
          className="block h-6 w-full"
        >
          <title>Outcomes</title>
          {oldestFirst.map(({ round, outcome }, index) => (
            <rect
              key={round}
              x={index + 0.05}
              y={24 - heights[outcome]}
              width={0.9}
              height={heights[outcome]}
              fill={fills[outcome]}
              opacity={index === at ? 0.6 : 1}
            />
          ))}
        </svg>
      </div>
      <p className="mt-1 flex flex-wrap gap-x-4 text-xs text-muted">
        {[...counts].map(([outcome, times]) => (
          <span key={outcome} className="flex items-center gap-1.5">
            <span aria-hidden className="size-2.5 rounded-xs" style={{ background: fills[outcome] }} />
            {formatCount(times)} {outcomeLooks[outcome].label}
          </span>
        ))}
        <span aria-hidden className="ml-auto">
          {words}
        </span>
      </p>
    </div>
  );
}

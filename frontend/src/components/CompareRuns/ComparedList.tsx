import type { Run } from '@rondo/protocol';
import { Eye, EyeOff, Pin } from 'lucide-react';
import { Link } from 'react-router';
import { Button } from '../ui/Button.tsx';
import { RunStatusText } from '../ui/RunStatusText.tsx';

interface ComparedListProps {
  /** A name without what all of them begin or end with. */
  readonly nameOf: (name: string) => string;
  readonly runs: readonly Run[];
  readonly tokenOf: (run_id: string) => string;
  readonly hidden: ReadonlySet<string>;
  readonly baseline: string | null;
  readonly onHide: (run_id: string) => void;
  readonly onBaseline: (run_id: string) => void;
  /** The run that the others are dimmed for. */
  readonly onHighlight: (run_id: string | null) => void;
}

/** The compared runs with their colours. Pointing at one dims the others in every chart. */
export function ComparedList(props: ComparedListProps) {
  const { runs, nameOf, tokenOf, hidden, baseline, onHide, onBaseline, onHighlight } = props;
  return (
    <ul className="max-h-[70vh] overflow-auto">
      {runs.map((run) => (
        <li
          key={run.run_id}
          onPointerEnter={() => onHighlight(run.run_id)}
          onPointerLeave={() => onHighlight(null)}
          onFocus={() => onHighlight(run.run_id)}
          onBlur={() => onHighlight(null)}
          className="flex min-h-8 items-center gap-2 text-sm hover:bg-raised"
        >
          <span
            aria-hidden
            className="size-2.5 shrink-0 rounded-xs"
            style={{ background: `var(${tokenOf(run.run_id)})` }}
          />
          <Link
            to={`/runs/${encodeURIComponent(run.run_id)}`}
            title={`${run.name}\n${run.run_id}`}
            dir="auto"
            className="min-w-0 grow truncate hover:text-accent hover:underline"
          >
            {nameOf(run.name)}
          </Link>
          {run.status !== 'complete' && <RunStatusText run={run} />}
          <Button
            look="quiet"
            size="tinyIcon"
            aria-label={`${run.name} is the baseline`}
            aria-pressed={run.run_id === baseline}
            title="Baseline: differences are to this run"
            onClick={() => onBaseline(run.run_id)}
          >
            <Pin aria-hidden size={13} />
          </Button>
          <Button
            look="quiet"
            size="tinyIcon"
            aria-label={`Show ${run.name}`}
            aria-pressed={!hidden.has(run.run_id)}
            onClick={() => onHide(run.run_id)}
          >
            {hidden.has(run.run_id) ? <EyeOff aria-hidden size={13} /> : <Eye aria-hidden size={13} />}
          </Button>
        </li>
      ))}
    </ul>
  );
}

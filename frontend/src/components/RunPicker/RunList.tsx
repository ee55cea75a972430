import type { Run, RunCondition } from '@rondo/protocol';
import { Check, Radio } from 'lucide-react';
import { useState } from 'react';
import { formatMoment } from '../../lib/format.ts';
import { conditionWords, troubleOf } from '../../lib/run-face.ts';
import { Button } from '../ui/Button.tsx';
import { RunStatusText } from '../ui/RunStatusText.tsx';

interface RunListProps {
  readonly runs: readonly Run[];
  readonly picked: string | null;
  readonly isLoading: boolean;
  readonly hasFailed: boolean;
  /** `null` follows the newest. */
  readonly onPick: (run_id: string | null) => void;
}

export function RunList({ runs, picked, isLoading, hasFailed, onPick }: RunListProps) {
  const [text, setText] = useState('');
  const wanted = text.trim().toLowerCase();
  const found = runs.filter((run) => `${run.name} ${run.tags.join(' ')}`.toLowerCase().includes(wanted));
  return (
    <>
      <Button
        look="quiet"
        className="w-full justify-start gap-2 text-text"
        aria-pressed={picked === null}
        onClick={() => onPick(null)}
      >
        <Radio aria-hidden size={14} className="text-accent" />
        Follow the newest run
        {picked === null && <Check aria-hidden size={14} className="ml-auto" />}
      </Button>
      <div className="my-1.5 h-px bg-line" />
      <input
        type="search"
        aria-label="Search runs"
        placeholder="Search runs by name or tag…"
        value={text}
        onChange={(event) => setText(event.target.value)}
        className="mb-1.5 h-8 w-full rounded-control border border-line bg-panel px-2.5 text-sm text-text placeholder:text-faint"
      />
      <ul className="max-h-72 overflow-y-auto">
        {found.map((run) => (
          <li key={run.run_id}>
            <button
              type="button"
              onClick={() => onPick(run.run_id)}
              aria-current={run.run_id === picked ? 'true' : undefined}
              className="flex w-full items-center gap-3 rounded-control px-2.5 py-1.5 text-left hover:bg-raised"
            >
              <span className="min-w-0 flex-1">
                <span className="block truncate text-sm">{run.name}</span>
                <span className="block truncate text-xs text-muted">
                  {run.framework ?? 'unknown framework'} · {formatMoment(run.started_at)}
                </span>
              </span>
              <span className="text-right text-xs">
                <RunStatusText run={run} />
                {troubleOf(run) !== null && (
                  <span className="block text-no-reply">{conditionWords[(troubleOf(run) as RunCondition).state]}</span>
                )}
              </span>
              {run.run_id === picked && <Check aria-hidden size={14} />}
            </button>
          </li>
        ))}
      </ul>
      {found.length === 0 && (
        <p className="px-2.5 py-2 text-xs text-muted">
          {hasFailed
            ? 'The runs could not be loaded; it tries again by itself.'
            : isLoading
              ? 'Loading…'
              : wanted === ''
                ? 'No run has been reported yet.'
                : `No run matches “${text}”.`}
        </p>
      )}
    </>
  );
}

import type { ClientUpdate } from '@rondo/protocol';
import { useMemo } from 'react';
import { groupReasons, type ReasonGroup } from '../../lib/failure-reasons.ts';
import { formatCount, plural } from '../../lib/format.ts';
import { CopyButton } from '../ui/CopyButton.tsx';
import { Panel } from '../ui/Panel.tsx';

interface FailureReasonsProps {
  readonly updates: readonly ClientUpdate[];
  /** The key of the group that the table shows. */
  readonly chosen: string | null;
  readonly onChoose: (key: string | null) => void;
}

/** Why clients failed, the most frequent reason first. A press on a reason shows its clients. */
export function FailureReasons({ updates, chosen, onChoose }: FailureReasonsProps) {
  const groups = useMemo(() => groupReasons(updates), [updates]);
  if (groups.length === 0) return null;
  const failed = groups.reduce((sum, { count }) => sum + count, 0);
  return (
    <Panel
      title="Why clients failed"
      note={`${plural(failed, 'client')}, ${plural(groups.length, 'reason')}`}
      testId="failure-reasons"
    >
      <ul className="-my-1 flex flex-col">
        {groups.map((group) => (
          <Reason
            key={group.key}
            group={group}
            share={group.count / failed}
            isChosen={group.key === chosen}
            onChoose={() => onChoose(group.key === chosen ? null : group.key)}
          />
        ))}
      </ul>
    </Panel>
  );
}

interface ReasonProps {
  readonly group: ReasonGroup;
  readonly share: number;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}

function Reason({ group, share, isChosen, onChoose }: ReasonProps) {
  const { title, count, example } = group;
  return (
    <li className="border-b border-line last:border-0">
      <div className="flex items-center gap-2 py-1">
        <button
          type="button"
          aria-pressed={isChosen}
          onClick={onChoose}
          title={isChosen ? 'Show every client again' : 'Show these clients'}
          className="relative flex min-h-8 min-w-0 grow items-center gap-3 overflow-hidden rounded-control px-2 text-left text-sm hover:bg-raised aria-pressed:bg-raised"
        >
          <span
            aria-hidden
            className="absolute inset-y-0.5 left-0 rounded-control bg-failed/15"
            style={{ width: `${share * 100}%` }}
          />
          <span className="relative w-10 shrink-0 text-right font-medium text-text">{formatCount(count)} ×</span>
          <span dir="auto" className="relative min-w-0 truncate text-text">
            {title}
          </span>
        </button>
        <CopyButton isSmall text={example} what="the whole reason" />
      </div>
      {isChosen && example !== title && (
        <pre
          dir="auto"
          className="mb-2 max-h-56 overflow-auto rounded-control bg-raised p-2 font-mono text-2xs leading-4 whitespace-pre-wrap text-soft"
        >
          {example}
        </pre>
      )}
    </li>
  );
}

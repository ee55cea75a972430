import type { Run, RunCondition } from '@rondo/protocol';
import { Check, Radio } from 'lucide-react';
import { useState } from 'react';
import { useLater } from '../../hooks/useLater.ts';
import { useRunSearch } from '../../hooks/useRunList.ts';
import { classes } from '../../lib/classes.ts';
import { formatCount, formatMoment } from '../../lib/format.ts';
import { conditionWords, troubleOf } from '../../lib/run-face.ts';
import { RunStatusText } from '../ui/RunStatusText.tsx';
import { useCombobox } from '../ui/use-combobox.ts';
import { texts } from './texts.ts';

interface RunListProps {
  readonly picked: string | null;
  /** `null` follows the newest. */
  readonly onPick: (run_id: string | null) => void;
}

const typingMs = 150;
/** No run has an empty id. */
const follow = '';

/** Every run that the server has, found by the server: by name, id, tags and notes. [B3] */
export function RunList({ picked, onPick }: RunListProps) {
  const [text, setText] = useState('');
  const wanted = useLater(text.trim(), typingMs);
  const { data, error, isLoading } = useRunSearch(wanted);
  const runs = data?.items ?? [];
  const keys = [...(wanted === '' ? [follow] : []), ...runs.map(({ run_id }) => run_id as string)];
  const { field, list, option } = useCombobox(texts.list, keys, (key) => onPick(key === follow ? null : key));
  const more = (data?.total ?? 0) - runs.length;
  return (
    <>
      <input
        type="search"
        aria-label={texts.search}
        placeholder={texts.placeholder}
        value={text}
        onChange={(event) => setText(event.target.value)}
        className="mb-1.5 h-8 w-full rounded-control border border-edge bg-panel px-2.5 text-sm text-text placeholder:text-faint"
        {...field}
      />
      <div {...list} className="max-h-80 overflow-y-auto">
        {keys.map((key, index) => {
          const run = runs.find(({ run_id }) => run_id === key);
          return (
            <div
              key={key}
              {...option(index)}
              className={classes(optionLook, key === follow && 'mb-1 border-b border-line')}
            >
              {run === undefined ? (
                <>
                  <Radio aria-hidden size={14} className="shrink-0 text-accent" />
                  <span className="grow text-sm">{texts.follow}</span>
                </>
              ) : (
                <RunLine run={run} />
              )}
              {(picked ?? follow) === key && <Check aria-hidden size={14} className="shrink-0" />}
            </div>
          );
        })}
      </div>
      <p aria-live="polite" className="px-2.5 py-1.5 text-xs text-muted empty:hidden">
        {runs.length > 0
          ? more > 0 && texts.more(formatCount(more))
          : error !== undefined
            ? texts.failed
            : isLoading
              ? texts.loading
              : wanted === ''
                ? texts.empty
                : texts.noMatch(wanted)}
      </p>
    </>
  );
}

const optionLook =
  'flex min-h-9 w-full items-center gap-3 rounded-control px-2.5 py-1.5 text-left aria-selected:bg-raised';

function RunLine({ run }: { readonly run: Run }) {
  const trouble = troubleOf(run);
  return (
    <>
      <span className="min-w-0 flex-1">
        <span dir="auto" className="block truncate text-sm">
          {run.name}
        </span>
        <span className="block truncate text-xs text-muted">
          {run.framework ?? texts.noFramework} · {formatMoment(run.started_at)}
        </span>
      </span>
      <span className="text-right text-xs">
        <RunStatusText run={run} />
        {trouble !== null && (
          <span className="block text-no-reply">{conditionWords[(trouble as RunCondition).state]}</span>
        )}
      </span>
    </>
  );
}

import { SlidersHorizontal, X } from 'lucide-react';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { useProjects } from '../../hooks/useProjects.ts';
import { classes } from '../../lib/classes.ts';
import { Button } from '../ui/Button.tsx';
import { Select } from '../ui/Select.tsx';
import { parseConfigFilter, type RunQuery } from './run-query.ts';
import { SavedViews } from './SavedViews.tsx';
import { texts } from './texts.ts';

interface RunToolbarProps {
  readonly query: RunQuery;
  readonly onChange: (change: Partial<RunQuery>) => void;
  /** Values that the runs on screen have, to choose from. */
  readonly known: {
    readonly tags: readonly string[];
    readonly frameworks: readonly string[];
    readonly columns: readonly string[];
  };
}

const statuses = ['running', 'complete', 'failed', 'stopped'];
const conditions = ['healthy', 'waiting_for_clients', 'overdue', 'silent'];
const searchDelayMs = 250;

export function RunToolbar({ query, onChange, known }: RunToolbarProps) {
  // On a phone they would fill the screen.
  const [isOpen, setOpen] = useState(false);
  const projects = useProjects().data?.items ?? [];
  return (
    <div className="mb-3 flex flex-wrap items-center gap-2">
      <Search value={query.q} onChange={(q) => onChange({ q })} />
      <Button size="small" aria-expanded={isOpen} className="sm:hidden" onClick={() => setOpen(!isOpen)}>
        <SlidersHorizontal aria-hidden size={14} />
        Filters
      </Button>
      <div className={classes('contents', !isOpen && 'max-sm:hidden')}>
        {projects.length > 1 && (
          <Select
            aria-label={texts.project}
            value={query.project}
            onChange={({ target }) => onChange({ project: target.value })}
            className="w-36"
          >
            <option value="">{texts.project}</option>
            {projects.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </Select>
        )}
        <Filter label="Status" value={query.status} values={statuses} onChange={(status) => onChange({ status })} />
        <Filter
          label="Condition"
          value={query.condition}
          values={conditions}
          onChange={(condition) => onChange({ condition })}
        />
        <Filter label="Tag" value={query.tag} values={known.tags} onChange={(tag) => onChange({ tag })} />
        <Filter
          label="Framework"
          value={query.framework}
          values={known.frameworks}
          onChange={(framework) => onChange({ framework })}
        />
        <ConfigFilter onAdd={(key, value) => onChange({ config: { ...query.config, [key]: value } })} />
        {Object.entries(query.config).map(([key, value]) => (
          <Chip
            key={key}
            text={`${key} = ${value}`}
            onRemove={() =>
              onChange({ config: Object.fromEntries(Object.entries(query.config).filter(([other]) => other !== key)) })
            }
          />
        ))}
        <Filter
          label="Add a column"
          value=""
          values={known.columns.filter((column) => !query.columns.includes(column))}
          onChange={(column) => onChange({ columns: [...query.columns, column] })}
        />
        {query.columns.map((column) => (
          <Chip
            key={column}
            text={column}
            onRemove={() => onChange({ columns: query.columns.filter((other) => other !== column) })}
          />
        ))}
        <Filter
          label="Group by"
          value={query.group}
          values={['status', 'framework', 'tag', ...known.columns.filter((column) => column.startsWith('config.'))]}
          onChange={(group) => onChange({ group })}
        />
        <SavedViews />
      </div>
    </div>
  );
}

/** `/` focuses it from anywhere on the page. */
function Search({ value, onChange }: { readonly value: string; readonly onChange: (value: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => onChange(text), searchDelayMs);
    return () => clearTimeout(timer);
  }, [text, value, onChange]);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const isTyping = event.target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
      if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      input.current?.focus();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);
  return (
    <input
      ref={input}
      type="search"
      aria-label="Search runs"
      aria-keyshortcuts="/"
      placeholder="Search name, id, notes, tags  ( / )"
      value={text}
      onChange={({ target }) => setText(target.value)}
      className="h-7 min-w-40 grow rounded-control border border-edge bg-panel px-2.5 text-sm placeholder:text-faint sm:max-w-80"
    />
  );
}

interface FilterProps {
  readonly label: string;
  readonly value: string;
  readonly values: readonly string[];
  readonly onChange: (value: string) => void;
}

function Filter({ label, value, values, onChange }: FilterProps) {
  const all = value === '' || values.includes(value) ? values : [value, ...values];
  if (all.length === 0) return null;
  return (
    <Select aria-label={label} value={value} onChange={({ target }) => onChange(target.value)} className="w-36">
      <option value="">{label}</option>
      {all.map((each) => (
        <option key={each} value={each}>
          {each.replaceAll('_', ' ')}
        </option>
      ))}
    </Select>
  );
}

function ConfigFilter({ onAdd }: { readonly onAdd: (key: string, value: string) => void }) {
  const [text, setText] = useState('');
  const parsed = parseConfigFilter(text);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (parsed === null) return;
    onAdd(...parsed);
    setText('');
  };
  return (
    <form onSubmit={submit}>
      <input
        aria-label="Filter by config, such as lr = 0.1"
        placeholder="lr = 0.1"
        value={text}
        onChange={({ target }) => setText(target.value)}
        className="h-7 w-36 rounded-control border border-line bg-panel px-2.5 text-xs placeholder:text-faint"
      />
    </form>
  );
}

function Chip({ text, onRemove }: { readonly text: string; readonly onRemove: () => void }) {
  return (
    <span className="inline-flex h-7 max-w-56 items-center gap-1 rounded-control border border-accent pl-2 text-xs text-accent">
      <span className="truncate" dir="auto">
        {text}
      </span>
      <Button look="quiet" size="tinyIcon" aria-label={`Remove ${text}`} onClick={onRemove}>
        <X aria-hidden size={12} />
      </Button>
    </span>
  );
}

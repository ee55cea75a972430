import { ArrowUp } from 'lucide-react';
import { useDeferredValue, useMemo, useState } from 'react';
import { useAddress } from '../../hooks/useAddress.ts';
import { useFLData } from '../../hooks/useFLData.ts';
import { useLogs } from '../../hooks/useLogs.ts';
import { useTyped } from '../../hooks/useTyped.ts';
import { plural } from '../../lib/format.ts';
import { logLevels } from '../../lib/log-filter.ts';
import { Button } from '../ui/Button.tsx';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Panel } from '../ui/Panel.tsx';
import { Select } from '../ui/Select.tsx';
import { Skeleton } from '../ui/Skeleton.tsx';
import { LogLines } from './LogLines.tsx';

const fieldLook =
  'h-7 rounded-control border border-line bg-panel px-2.5 text-xs text-text placeholder:text-faint min-w-0';

interface RunLogProps {
  readonly run_id: string;
  /** Shows the lines of this client only, and no field to choose another. */
  readonly of_client?: string;
}

/** What the FL server and its clients wrote: to filter, to search, and to follow while it grows. */
export function RunLog({ run_id, of_client }: RunLogProps) {
  const [params, change] = useAddress();
  const level = params.get('level') ?? '';
  const client = of_client ?? params.get('by') ?? '';
  const text = params.get('q') ?? '';
  const clientField = useTyped(client, (value) => change({ by: value || null }));
  const textField = useTyped(text, (value) => change({ q: value || null }));
  const [isFollowing, setFollowing] = useState(true);
  const client_id = useDeferredValue(client.trim());
  const q = useDeferredValue(text);
  const query = useMemo(() => ({ run_id, level, client_id, q }), [run_id, level, client_id, q]);
  const { entries, isLoading, loadOlder } = useLogs(query);
  const isRunning = useFLData(({ viewer }) => viewer.run?.status === 'running');
  const isFiltered = level !== '' || (client_id !== '' && of_client === undefined) || q !== '';
  return (
    <Panel
      title="Log"
      note={<span>{`${plural(entries.length, 'line')}${loadOlder === null ? '' : ', older ones not loaded'}`}</span>}
      testId="run-log"
      actions={
        <div className="flex flex-wrap items-center gap-1.5">
          <Select
            aria-label="Least severe level"
            value={level}
            onChange={({ target }) => change({ level: target.value || null })}
          >
            <option value="">every level</option>
            {logLevels.slice(1).map((each) => (
              <option key={each} value={each}>
                {each} or worse
              </option>
            ))}
          </Select>
          {of_client === undefined && (
            <input
              type="search"
              aria-label="Client, by its whole id"
              placeholder="Client id…"
              {...clientField}
              className={`${fieldLook} w-32`}
            />
          )}
          <input
            type="search"
            aria-label="Search messages"
            placeholder="Search messages…"
            {...textField}
            className={`${fieldLook} w-44`}
          />
          <Button size="small" aria-pressed={isFollowing} onClick={() => setFollowing(!isFollowing)}>
            {isRunning ? 'Follow' : 'Keep at the end'}
          </Button>
        </div>
      }
    >
      {loadOlder !== null && (
        <Button
          size="small"
          className="mb-2"
          onClick={() => {
            setFollowing(false);
            loadOlder();
          }}
        >
          <ArrowUp aria-hidden size={13} />
          Older lines
        </Button>
      )}
      {entries.length > 0 ? (
        <LogLines entries={entries} isFollowing={isFollowing} onScrollUp={() => setFollowing(false)} />
      ) : isLoading ? (
        <Skeleton className="h-40" />
      ) : (
        <EmptyState
          title={
            isFiltered
              ? 'No line matches'
              : of_client === undefined
                ? 'Nothing has been logged'
                : 'It has logged nothing'
          }
        >
          {isFiltered
            ? 'Clear a filter to see more.'
            : 'Lines show here as soon as the FL server or a client reports one with “log”.'}
        </EmptyState>
      )}
    </Panel>
  );
}

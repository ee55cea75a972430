import type { AttentionItem } from '@rondo/protocol';
import { useState } from 'react';
import { Link } from 'react-router';
import { useFLData } from '../../hooks/useFLData.ts';
import { useAttention } from '../../hooks/useInsight.ts';
import { useSelectClient } from '../../hooks/useSelectClient.ts';
import { classes } from '../../lib/classes.ts';
import { formatCount } from '../../lib/format.ts';
import { runPath } from '../../lib/run-tabs.ts';
import { Button } from '../ui/Button.tsx';
import { Panel } from '../ui/Panel.tsx';
import { Skeleton } from '../ui/Skeleton.tsx';
import { severityLooks } from '../ui/severity-looks.ts';

const shown = 5;

/** What needs a look, worst first, with its evidence. Hidden where the server derives no such list. */
export function Attention() {
  const run_id = useFLData((state) => state.viewer.run_id);
  const isRunning = useFLData((state) => state.viewer.run?.status === 'running');
  const { data, isLoading } = useAttention(run_id, isRunning);
  const [isWhole, setWhole] = useState(false);
  if (data === undefined && isLoading) return <Skeleton className="h-[104px]" />;
  if (data === undefined || data.run_id !== run_id) return null;
  const items = isWhole ? data.items : data.items.slice(0, shown);
  return (
    <Panel
      title="Needs attention"
      testId="attention"
      note={data.total === 0 ? undefined : formatCount(data.total)}
      className={classes(data.items.some(({ severity }) => severity === 'critical') && 'border-failed/60')}
    >
      {items.length === 0 ? (
        <p className="text-xs text-muted">
          Nothing{data.to_round !== null && ` up to round ${formatCount(data.to_round)}`}.
        </p>
      ) : (
        <ul className={classes('-my-1 flex flex-col', isWhole && 'max-h-96 overflow-y-auto')}>
          {items.map((item) => (
            <Item
              key={`${item.rule} ${item.client_id} ${item.round} ${item.since_round}`}
              item={item}
              run_id={run_id}
            />
          ))}
        </ul>
      )}
      {data.items.length > shown && (
        <Button
          size="small"
          look="quiet"
          className="-ml-2.5 mt-1.5 wall:hidden"
          aria-expanded={isWhole}
          onClick={() => setWhole(!isWhole)}
        >
          {isWhole ? `Only the worst ${shown}` : `All ${formatCount(data.total)}`}
        </Button>
      )}
    </Panel>
  );
}

function Item({ item, run_id }: { readonly item: AttentionItem; readonly run_id: string }) {
  const { severity, client_id, round, since_round, detail } = item;
  const selectClient = useSelectClient();
  const { Icon, text } = severityLooks[severity];
  return (
    <li
      data-rule={item.rule}
      data-severity={severity}
      className="flex gap-2 border-b border-line py-2 text-sm last:border-0"
    >
      <Icon aria-hidden size={14} className={classes('mt-0.5 shrink-0', text)} />
      <div className="min-w-0 break-words">
        <span className={classes('mr-1.5 text-xs', text)}>{severity}</span>
        {client_id !== undefined && (
          <>
            <button
              type="button"
              onClick={() => selectClient(client_id)}
              className="min-h-6 rounded-control text-left font-medium break-all text-text underline decoration-edge underline-offset-2 hover:text-accent"
            >
              <bdi>{client_id}</bdi>
            </button>
            {': '}
          </>
        )}
        <span className="text-soft">{detail}</span>
        {round !== undefined && (
          <>
            {' '}
            <Link
              to={runPath(run_id, `rounds/${round}`)}
              className="inline-block min-h-6 text-xs whitespace-nowrap text-accent hover:underline"
            >
              {since_round !== undefined && since_round !== round
                ? `rounds ${formatCount(since_round)} to ${formatCount(round)}`
                : `round ${formatCount(round)}`}
            </Link>
          </>
        )}
      </div>
    </li>
  );
}

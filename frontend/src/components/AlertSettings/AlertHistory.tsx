import type { Alert, Severity } from '@rondo/protocol';
import { CircleAlert, Info, type LucideIcon, TriangleAlert } from 'lucide-react';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import { useAlertHistory } from '../../hooks/useAlerts.ts';
import { stateWords } from '../../lib/alert-words.ts';
import { classes } from '../../lib/classes.ts';
import { formatMoment, plural } from '../../lib/format.ts';
import { runPath } from '../../lib/run-tabs.ts';
import type { Column } from '../ui/column.ts';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Loaded } from '../ui/Loaded.tsx';
import { Pager } from '../ui/Pager.tsx';
import { Panel } from '../ui/Panel.tsx';
import { Select } from '../ui/Select.tsx';
import { Table } from '../ui/Table.tsx';

const limit = 20;

/** Which alerts there were, and what became of them. */
export function AlertHistory({ isManager }: { readonly isManager: boolean }) {
  const [state, setState] = useState<Alert['state'] | ''>('');
  const [offset, setOffset] = useState(0);
  const query = new URLSearchParams({ limit: String(limit), offset: String(offset), ...(state && { state }) });
  const answer = useAlertHistory(query);
  const columns = useMemo(() => columnsFor(isManager), [isManager]);
  const choose = (next: string) => {
    setState(next as Alert['state'] | '');
    setOffset(0);
  };
  return (
    <Panel
      title="History of alerts"
      note={answer.data && plural(answer.data.total, 'alert')}
      actions={
        <Select aria-label="Which alerts" value={state} onChange={(event) => choose(event.target.value)}>
          <option value="">all</option>
          {Object.entries(stateWords).map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </Select>
      }
      testId="alert-history"
    >
      <Loaded what="The history of alerts" answer={answer}>
        {({ items, total }) =>
          items.length === 0 ? (
            <EmptyState title={state === '' ? 'No alert so far' : 'No such alert'}>
              Alerts of the last 90 days are listed here, with what became of their messages.
            </EmptyState>
          ) : (
            <>
              <Table label="History of alerts" columns={columns} rows={items} keyOf={({ id }) => id} />
              <Pager label="Alerts" total={total} limit={limit} offset={offset} onOffset={setOffset} />
            </>
          )
        }
      </Loaded>
    </Panel>
  );
}

const looks: Record<Severity, { readonly Icon: LucideIcon; readonly text: string }> = {
  critical: { Icon: CircleAlert, text: 'text-failed' },
  warning: { Icon: TriangleAlert, text: 'text-no-reply' },
  info: { Icon: Info, text: 'text-muted' },
};

const columnsFor = (isManager: boolean): readonly Column<Alert>[] => [
  {
    key: 'what',
    name: 'Alert',
    cell: ({ severity, run_id, run_name, round, detail }) => {
      const { Icon, text } = looks[severity];
      return (
        <div className="flex gap-2">
          <Icon aria-hidden size={14} className={classes('mt-0.5 shrink-0', text)} />
          <div className="min-w-0 break-words">
            <span className={classes('mr-1.5 text-xs', text)}>{severity}</span>
            <Link
              to={round === null ? runPath(run_id) : runPath(run_id, `rounds/${round}`)}
              className="inline-block min-h-6 font-medium text-accent hover:underline"
            >
              <bdi>{run_name}</bdi>
              {round !== null && `, round ${round}`}
            </Link>
            <span className="block text-soft">{detail}</span>
          </div>
        </div>
      );
    },
  },
  { key: 'rule', name: 'Rule', className: 'text-soft max-lg:hidden', cell: ({ rule_name }) => rule_name },
  {
    key: 'at',
    name: 'When',
    className: 'text-soft max-sm:hidden',
    cell: ({ at, over_at }) => (
      <>
        {formatMoment(at)}
        {over_at === null && <span className="block text-xs text-no-reply">still holds</span>}
      </>
    ),
  },
  {
    key: 'state',
    name: 'Messages',
    align: isManager ? 'start' : 'end',
    cell: ({ state, deliveries }) => (
      <>
        <span className={classes(state === 'failed' ? 'text-failed' : 'text-soft')}>{stateWords[state]}</span>
        {(deliveries ?? []).map((delivery) => (
          <span key={delivery.id} className="block text-xs break-words text-muted">
            {delivery.channel_name}: {describeDelivery(delivery)}
          </span>
        ))}
      </>
    ),
  },
];

function describeDelivery(delivery: NonNullable<Alert['deliveries']>[number]): string {
  const { state, attempts, sent_at, due_at, next_at, last_error, duplicates } = delivery;
  const repeated = duplicates > 0 ? `, perhaps ${duplicates + 1} times` : '';
  const tried = attempts > 1 ? `, ${attempts} attempts` : '';
  const why = last_error === null ? '' : `: ${last_error}`;
  switch (state) {
    case 'sent':
      return `sent ${formatMoment(sent_at ?? due_at)}${tried}${repeated}`;
    case 'collecting':
      return `due ${formatMoment(due_at)}`;
    case 'sending':
      return 'is being sent';
    case 'retrying':
      return `next attempt ${formatMoment(next_at ?? due_at)}${tried}${why}`;
    case 'given_up':
      return `given up${tried}${why}`;
    case 'cancelled':
      return `cancelled${why}`;
    default:
      return state satisfies never;
  }
}

import type { AlertChannel, AlertRule } from '@rondo/protocol';
import { Bell } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useAlertChannels, useAlertRules, useDeleteAlertRule, useEditAlertRule } from '../../hooks/useAlerts.ts';
import { describeQuiet, describeWhen } from '../../lib/alert-words.ts';
import { formatDuration, plural } from '../../lib/format.ts';
import { Alert } from '../ui/Alert.tsx';
import { Button } from '../ui/Button.tsx';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';
import type { Column } from '../ui/column.ts';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Loaded } from '../ui/Loaded.tsx';
import { Panel } from '../ui/Panel.tsx';
import { Table } from '../ui/Table.tsx';
import { EditRule } from './EditRule.tsx';

const noChannels: readonly AlertChannel[] = [];

export function RulePanel() {
  const answer = useAlertRules(true);
  const channels = useAlertChannels(true).data?.items ?? noChannels;
  const [edited, setEdited] = useState<AlertRule | 'new' | null>(null);
  const [deleted, setDeleted] = useState<AlertRule | null>(null);
  const [progress, edit] = useEditAlertRule();
  const columns = useMemo(() => columnsFor(channels, edit, setEdited, setDeleted), [channels, edit]);
  return (
    <Panel
      title="Alert rules"
      note={answer.data && plural(answer.data.total, 'rule')}
      actions={
        <Button onClick={() => setEdited('new')}>
          <Bell aria-hidden size={14} />
          Add a rule
        </Button>
      }
      testId="alert-rules"
    >
      {progress.state === 'failed' && <Alert>{progress.detail}</Alert>}
      <Loaded what="The alert rules" answer={answer}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState title="No alert rule yet">
              A rule says what you want to learn without looking: a run that fails, a round that waits, a client that
              stands out, a metric beyond a bound. Add a channel first, then the rule that uses it.
            </EmptyState>
          ) : (
            <Table label="Alert rules" columns={columns} rows={items} keyOf={({ id }) => id} />
          )
        }
      </Loaded>
      {edited && (
        <EditRule rule={edited === 'new' ? undefined : edited} channels={channels} onClose={() => setEdited(null)} />
      )}
      {deleted && <DeleteRule rule={deleted} onClose={() => setDeleted(null)} />}
    </Panel>
  );
}

function DeleteRule({ rule, onClose }: { readonly rule: AlertRule; readonly onClose: () => void }) {
  const [progress, remove] = useDeleteAlertRule();
  return (
    <ConfirmDialog
      title={`Delete the rule “${rule.name}”?`}
      description="Its history stays. Messages that still wait are not sent. This cannot be undone; a rule can also be switched off."
      verb="Delete it"
      progress={progress}
      onConfirm={() => remove(rule.id)}
      onClose={onClose}
    />
  );
}

const columnsFor = (
  channels: readonly AlertChannel[],
  edit: (id: string, change: { enabled: boolean }) => Promise<boolean>,
  onEdit: (rule: AlertRule) => void,
  onDelete: (rule: AlertRule) => void,
): readonly Column<AlertRule>[] => [
  {
    key: 'name',
    name: 'Rule',
    cell: (rule) => (
      <>
        <span className="font-medium break-words">{rule.name}</span>
        <span className="block text-xs break-words text-muted">
          {describeWhen(rule.when)}
          {rule.tag !== null && `, runs tagged ${rule.tag}`}
        </span>
      </>
    ),
  },
  { key: 'project', name: 'Project', className: 'text-soft max-lg:hidden', cell: ({ project_id }) => project_id },
  {
    key: 'channels',
    name: 'Sent to',
    className: 'text-soft max-sm:hidden',
    cell: (rule) => describeChannels(rule, channels),
  },
  { key: 'pace', name: 'Pace', className: 'text-soft max-lg:hidden', cell: describePace },
  {
    key: 'acts',
    name: <span className="sr-only">Change</span>,
    align: 'end',
    cell: (rule) => (
      <div className="flex flex-wrap justify-end gap-1.5">
        <Button
          size="small"
          aria-pressed={rule.enabled}
          aria-label={`${rule.name} is ${rule.enabled ? 'on' : 'off'}`}
          onClick={() => void edit(rule.id, { enabled: !rule.enabled })}
        >
          {rule.enabled ? 'On' : 'Off'}
        </Button>
        <Button size="small" aria-label={`Change ${rule.name}`} onClick={() => onEdit(rule)}>
          Change…
        </Button>
        <Button size="small" look="danger" aria-label={`Delete ${rule.name}`} onClick={() => onDelete(rule)}>
          Delete…
        </Button>
      </div>
    ),
  },
];

function describeChannels({ channel_ids }: AlertRule, channels: readonly AlertChannel[]): string {
  if (channel_ids.length === 0) return 'history only';
  return channel_ids.map((id) => channels.find((channel) => channel.id === id)?.name ?? 'a channel').join(', ');
}

function describePace({ throttle_s, quiet_hours }: AlertRule): string {
  const pace = throttle_s === 0 ? 'at once' : `every ${formatDuration(throttle_s * 1_000)} at most`;
  return quiet_hours ? `${pace}, ${describeQuiet(quiet_hours)}` : pace;
}

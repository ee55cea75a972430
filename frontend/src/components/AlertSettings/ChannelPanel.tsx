import type { AlertChannel, AlertTest } from '@rondo/protocol';
import { CircleAlert, CircleCheck, Send } from 'lucide-react';
import { useMemo, useState } from 'react';
import {
  useAlertChannels,
  useDeleteAlertChannel,
  useEditAlertChannel,
  useTestAlertChannel,
} from '../../hooks/useAlerts.ts';
import { channelWords, describeQuiet, describeTarget } from '../../lib/alert-words.ts';
import { classes } from '../../lib/classes.ts';
import { formatMoment, noValue, plural } from '../../lib/format.ts';
import { Alert } from '../ui/Alert.tsx';
import { Button } from '../ui/Button.tsx';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';
import type { Column } from '../ui/column.ts';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Loaded } from '../ui/Loaded.tsx';
import { Panel } from '../ui/Panel.tsx';
import { Table } from '../ui/Table.tsx';
import { EditChannel } from './EditChannel.tsx';

export function ChannelPanel() {
  const answer = useAlertChannels(true);
  const [edited, setEdited] = useState<AlertChannel | 'new' | null>(null);
  const [deleted, setDeleted] = useState<AlertChannel | null>(null);
  const [tested, setTested] = useState<AlertChannel | null>(null);
  const [editing, edit] = useEditAlertChannel();
  const test = useTestAlertChannel();
  const { run } = test;
  const columns = useMemo(() => {
    const begin = (channel: AlertChannel) => {
      setTested(channel);
      void run(channel.id);
    };
    return columnsFor({ edit, onEdit: setEdited, onDelete: setDeleted, onTest: begin });
  }, [edit, run]);
  return (
    <Panel
      title="Channels"
      note={answer.data && plural(answer.data.total, 'channel')}
      actions={
        <Button onClick={() => setEdited('new')}>
          <Send aria-hidden size={14} />
          Add a channel
        </Button>
      }
      testId="alert-channels"
    >
      {editing.state === 'failed' && <Alert>{editing.detail}</Alert>}
      <div aria-live="polite">
        {tested && test.progress.state === 'busy' && (
          <p className="mb-3 text-sm text-muted">Sending a test to {tested.name}…</p>
        )}
        {test.progress.state === 'failed' && <Alert>{test.progress.detail}</Alert>}
        {tested && test.progress.state === 'idle' && test.result && <Result channel={tested} result={test.result} />}
      </div>
      <Loaded what="The channels" answer={answer}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState title="No channel yet">
              A channel is where messages go: a webhook, such as that of Slack, e-mail, or the open pages of a project.
            </EmptyState>
          ) : (
            <Table label="Channels" columns={columns} rows={items} keyOf={({ id }) => id} />
          )
        }
      </Loaded>
      {edited && (
        <EditChannel
          channel={edited === 'new' ? undefined : edited}
          canSendEmail={answer.data?.can_send_email ?? false}
          onClose={() => setEdited(null)}
        />
      )}
      {deleted && <DeleteChannel channel={deleted} onClose={() => setDeleted(null)} />}
    </Panel>
  );
}

function Result({ channel, result }: { readonly channel: AlertChannel; readonly result: AlertTest }) {
  const Icon = result.delivered ? CircleCheck : CircleAlert;
  return (
    <p
      data-testid="test-result"
      className={classes('mb-3 flex items-start gap-2 text-sm', result.delivered ? 'text-returned' : 'text-failed')}
    >
      <Icon aria-hidden size={16} className="mt-0.5 shrink-0" />
      <span className="min-w-0 break-words">
        {channel.name}: {result.delivered ? 'the test was delivered' : 'the test was not delivered'}, {result.detail}.
      </span>
    </p>
  );
}

function DeleteChannel({ channel, onClose }: { readonly channel: AlertChannel; readonly onClose: () => void }) {
  const [progress, remove] = useDeleteAlertChannel();
  return (
    <ConfirmDialog
      title={`Delete the channel “${channel.name}”?`}
      description="Rules that use it no longer send to it. Messages that still wait for it are not sent. This cannot be undone: its secret is deleted with it."
      verb="Delete it"
      progress={progress}
      onConfirm={() => remove(channel.id)}
      onClose={onClose}
    />
  );
}

interface Acts {
  readonly edit: (id: string, change: { enabled: boolean }) => Promise<boolean>;
  readonly onEdit: (channel: AlertChannel) => void;
  readonly onDelete: (channel: AlertChannel) => void;
  readonly onTest: (channel: AlertChannel) => void;
}

const columnsFor = ({ edit, onEdit, onDelete, onTest }: Acts): readonly Column<AlertChannel>[] => [
  {
    key: 'name',
    name: 'Channel',
    cell: (channel) => (
      <>
        <span className="font-medium break-words">{channel.name}</span>
        <span className="block text-xs break-all text-muted">
          {channelWords[channel.kind]}: {describeTarget(channel)}
          {channel.quiet_hours && `, ${describeQuiet(channel.quiet_hours)}`}
        </span>
      </>
    ),
  },
  { key: 'project', name: 'Project', className: 'text-soft max-lg:hidden', cell: ({ project_id }) => project_id },
  {
    key: 'last',
    name: 'Last message',
    className: 'text-soft max-sm:hidden',
    cell: ({ last_delivery: last }) => {
      if (!last) return <span className="text-muted">{noValue}</span>;
      const isBad = last.state === 'given_up' || last.state === 'retrying';
      return (
        <span className={classes(isBad && 'text-no-reply')}>
          {last.state.replaceAll('_', ' ')} {formatMoment(last.at)}
          {last.error !== null && <span className="block text-xs break-words text-muted">{last.error}</span>}
        </span>
      );
    },
  },
  {
    key: 'acts',
    name: <span className="sr-only">Change</span>,
    align: 'end',
    cell: (channel) => (
      <div className="flex flex-wrap justify-end gap-1.5">
        <Button size="small" aria-label={`Test ${channel.name}`} onClick={() => onTest(channel)}>
          Test
        </Button>
        <Button
          size="small"
          aria-pressed={channel.enabled}
          aria-label={`${channel.name} is ${channel.enabled ? 'on' : 'off'}`}
          onClick={() => void edit(channel.id, { enabled: !channel.enabled })}
        >
          {channel.enabled ? 'On' : 'Off'}
        </Button>
        <Button size="small" aria-label={`Change ${channel.name}`} onClick={() => onEdit(channel)}>
          Change…
        </Button>
        <Button size="small" look="danger" aria-label={`Delete ${channel.name}`} onClick={() => onDelete(channel)}>
          Delete…
        </Button>
      </div>
    ),
  },
];

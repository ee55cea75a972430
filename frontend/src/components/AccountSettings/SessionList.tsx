import type { SignInSession } from '@rondo/protocol';
import { useMemo } from 'react';
import { useEndSession, useSessions } from '../../hooks/usePeople.ts';
import { plural } from '../../lib/format.ts';
import { Alert } from '../ui/Alert.tsx';
import { Button } from '../ui/Button.tsx';
import type { Column } from '../ui/column.ts';
import { Loaded } from '../ui/Loaded.tsx';
import { Moment } from '../ui/Moment.tsx';
import { Panel } from '../ui/Panel.tsx';
import { Table } from '../ui/Table.tsx';
import { describeBrowser } from './describe-browser.ts';

/** Where one is signed in, and the way to end what should not be. */
export function SessionList() {
  const answer = useSessions();
  const [progress, end] = useEndSession();
  const columns = useMemo(() => columnsFor((id) => void end(id)), [end]);
  return (
    <Panel title="Your sessions" note={answer.data && plural(answer.data.total, 'session')} testId="session-list">
      {progress.state === 'failed' && <Alert>{progress.detail}</Alert>}
      <Loaded what="Your sessions" answer={answer}>
        {({ items }) => <Table label="Your sessions" columns={columns} rows={items} keyOf={(session) => session.id} />}
      </Loaded>
    </Panel>
  );
}

const columnsFor = (onEnd: (id: string) => void): readonly Column<SignInSession>[] => [
  {
    key: 'browser',
    name: 'Browser',
    cell: ({ user_agent, is_current }) => (
      <span title={user_agent ?? undefined}>
        {describeBrowser(user_agent)}
        {is_current && <span className="ml-1.5 text-xs text-accent">this one</span>}
      </span>
    ),
  },
  {
    key: 'address',
    name: 'From',
    className: 'whitespace-nowrap text-soft max-sm:hidden',
    cell: ({ address }) => address,
  },
  {
    key: 'created',
    name: 'Signed in',
    align: 'end',
    className: 'whitespace-nowrap text-soft max-md:hidden',
    cell: ({ created_at }) => <Moment at={created_at} />,
  },
  {
    key: 'used',
    name: 'Last used',
    align: 'end',
    className: 'text-soft sm:whitespace-nowrap',
    cell: ({ last_used_at }) => <Moment at={last_used_at} />,
  },
  {
    key: 'end',
    name: <span className="sr-only">End it</span>,
    align: 'end',
    cell: ({ id, is_current, user_agent }) =>
      !is_current && (
        <Button
          size="small"
          look="danger"
          aria-label={`End the session in ${describeBrowser(user_agent)}`}
          onClick={() => onEnd(id)}
        >
          End
        </Button>
      ),
  },
];

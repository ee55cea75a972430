import type { UserRecord } from '@rondo/protocol';
import { UserPlus } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useUsers } from '../../hooks/usePeople.ts';
import { useSession } from '../../hooks/useSession.ts';
import { plural } from '../../lib/format.ts';
import { Button } from '../ui/Button.tsx';
import { Loaded } from '../ui/Loaded.tsx';
import { Pager } from '../ui/Pager.tsx';
import { Panel } from '../ui/Panel.tsx';
import { Table } from '../ui/Table.tsx';
import { AddUser } from './AddUser.tsx';
import { columnsFor } from './columns.tsx';
import { EditUser } from './EditUser.tsx';

const limit = 100;

/** Who may sign in, and as what. */
export function UserSettings() {
  const [offset, setOffset] = useState(0);
  const [isAdding, setAdding] = useState(false);
  const [edited, setEdited] = useState<UserRecord | null>(null);
  const answer = useUsers(offset, limit);
  const session = useSession();
  const me = session.state === 'signed_in' ? session.user.username : null;
  const columns = useMemo(() => columnsFor(me, setEdited), [me]);
  return (
    <Panel
      title="Users"
      note={answer.data && plural(answer.data.total, 'user')}
      actions={
        <Button onClick={() => setAdding(true)}>
          <UserPlus aria-hidden size={14} />
          Add a user
        </Button>
      }
      testId="user-settings"
    >
      <Loaded what="The users" answer={answer}>
        {({ items, total }) => (
          <>
            <Table label="Users" columns={columns} rows={items} keyOf={(user) => user.id} rowProps={dataOf} />
            <Pager label="Pages of users" total={total} limit={limit} offset={offset} onOffset={setOffset} />
          </>
        )}
      </Loaded>
      {isAdding && <AddUser onClose={() => setAdding(false)} />}
      {edited && <EditUser user={edited} isMe={edited.username === me} onClose={() => setEdited(null)} />}
    </Panel>
  );
}

const dataOf = ({ username }: UserRecord) => ({ 'data-user': username });

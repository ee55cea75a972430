import type { ApiKey } from '@rondo/protocol';
import { KeyRound } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useKeys } from '../../hooks/usePeople.ts';
import { plural } from '../../lib/format.ts';
import { Button } from '../ui/Button.tsx';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Loaded } from '../ui/Loaded.tsx';
import { Panel } from '../ui/Panel.tsx';
import { Table } from '../ui/Table.tsx';
import { AddKey } from './AddKey.tsx';
import { columnsFor } from './columns.tsx';
import { RevokeKey } from './RevokeKey.tsx';

/** What FL servers report with. */
export function KeySettings() {
  const [isAdding, setAdding] = useState(false);
  const [revoked, setRevoked] = useState<ApiKey | null>(null);
  const answer = useKeys();
  const columns = useMemo(() => columnsFor(setRevoked), []);
  return (
    <Panel
      title="API keys"
      note={answer.data && plural(answer.data.total, 'key')}
      actions={
        <Button onClick={() => setAdding(true)}>
          <KeyRound aria-hidden size={14} />
          Make a key
        </Button>
      }
      testId="key-settings"
    >
      <Loaded what="The API keys" answer={answer}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState title="No API key yet">
              An FL server needs one to report here. Make one key for each, so that each can be revoked by itself.
            </EmptyState>
          ) : (
            <Table label="API keys" columns={columns} rows={items} keyOf={(key) => key.id} />
          )
        }
      </Loaded>
      {isAdding && <AddKey onClose={() => setAdding(false)} />}
      {revoked && <RevokeKey apiKey={revoked} onClose={() => setRevoked(null)} />}
    </Panel>
  );
}

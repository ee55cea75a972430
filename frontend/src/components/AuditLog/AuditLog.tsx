import { useSearchParams } from 'react-router';
import { useAudit } from '../../hooks/usePeople.ts';
import { plural } from '../../lib/format.ts';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Loaded } from '../ui/Loaded.tsx';
import { Pager } from '../ui/Pager.tsx';
import { Panel } from '../ui/Panel.tsx';
import { Table } from '../ui/Table.tsx';
import { AuditFilters } from './AuditFilters.tsx';
import { auditQuery, readFilters, writeFilters } from './audit-query.ts';
import { columns } from './columns.tsx';

const limit = 50;

/** Who did what, when and from where. What is filtered is part of the address. */
export function AuditLog() {
  const [params, setParams] = useSearchParams();
  const filters = readFilters(params);
  const offset = Math.max(0, Math.trunc(Number(params.get('offset'))) || 0);
  const answer = useAudit(auditQuery(filters, limit, offset));
  const isFiltered = Object.values(filters).some((value) => value !== '');
  return (
    <Panel title="Audit log" note={answer.data && plural(answer.data.total, 'entry', 'entries')} testId="audit-log">
      <AuditFilters
        key={params.toString()}
        filters={filters}
        onFilters={(next) => setParams(writeFilters(next, 0))}
        isFiltered={isFiltered}
      />
      <Loaded what="The audit log" answer={answer}>
        {({ items, total }) => (
          <>
            {items.length === 0 ? (
              <EmptyState title={isFiltered ? 'Nothing matches' : 'Nothing has been done yet'}>
                {isFiltered
                  ? 'Names are compared whole. Take a filter away to see more.'
                  : 'Every sign-in and every act of an admin shows here.'}
              </EmptyState>
            ) : (
              <Table label="Audit log" columns={columns} rows={items} keyOf={(entry) => entry.id} />
            )}
            <Pager
              label="Pages of the audit log"
              total={total}
              limit={limit}
              offset={offset}
              onOffset={(next) => setParams(writeFilters(filters, next))}
            />
          </>
        )}
      </Loaded>
    </Panel>
  );
}

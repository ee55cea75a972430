import type { Model } from '@rondo/protocol';
import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router';
import { useRuns } from '../../hooks/useFLData.ts';
import { Table } from '../ui/Table.tsx';
import { columnsOf } from './columns.tsx';

interface ModelRowsProps {
  readonly label: string;
  readonly models: readonly Model[];
  /** Rows of several runs say which one they are of, and have the room of a whole page. */
  readonly place: 'panel' | 'page';
}

/** Checkpoints as rows. A version opens its details, which have an address of their own. */
export function ModelRows({ label, models, place }: ModelRowsProps) {
  const search = useSearchParams()[0].toString();
  const runs = useRuns().data?.items;
  // One that is older than the list of runs has its id instead.
  const nameOf = useCallback((id: string) => runs?.find(({ run_id }) => run_id === id)?.name ?? id, [runs]);
  const columns = useMemo(() => columnsOf({ place, search, nameOf }), [place, search, nameOf]);
  return (
    <div className="@container">
      <Table label={label} columns={columns} rows={models} keyOf={(model) => model.version} />
    </div>
  );
}

import { useCallback, useMemo, useRef, useState } from 'react';
import { useNavigate, useSearchParams } from 'react-router';
import { type HeatCell, HeatMap } from '../../charts/heat-map/HeatMap.tsx';
import { type HeatView, wholeView } from '../../charts/heat-map/paint.ts';
import { useAttentionMarks } from '../../hooks/useAttentionMarks.ts';
import { useFLData } from '../../hooks/useFLData.ts';
import { useMatrix } from '../../hooks/useMatrix.ts';
import { classes } from '../../lib/classes.ts';
import { plural } from '../../lib/format.ts';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Loaded } from '../ui/Loaded.tsx';
import { Panel } from '../ui/Panel.tsx';
import { Select } from '../ui/Select.tsx';
import { HeatLegend } from './HeatLegend.tsx';
import { extendHeatCells, type HeatCells, type HeatOrder, toHeatCells } from './heat-cells.ts';
import { heatPalette } from './heat-palette.ts';
import { heatMeasures, measureByKey } from './measures.ts';
import { RowMarks } from './RowMarks.tsx';

const orders: readonly { readonly key: HeatOrder; readonly label: string }[] = [
  { key: 'worst', label: 'Worst first' },
  { key: 'attention', label: 'Needs attention first' },
  { key: 'least-seen', label: 'Least seen first' },
  { key: 'name', label: 'By name' },
];

interface ClientHeatMapProps {
  readonly run_id: string;
  /** Beside other panels, with less height. */
  readonly isSmall?: boolean;
  /** The rounds chosen by dragging; null shows all again. */
  readonly onRounds?: (rounds: { readonly from: number; readonly to: number } | null) => void;
}

/** Every client in every round. The measure and the order are in the address. */
export function ClientHeatMap({ run_id, isSmall = false, onRounds }: ClientHeatMapProps) {
  const [params, setParams] = useSearchParams();
  const measure = measureByKey(params.get('cells'));
  const order = orders.find(({ key }) => key === params.get('rows'))?.key ?? 'worst';
  const isRunning = useFLData((state) => state.viewer.run?.run_id === run_id && state.viewer.run.status === 'running');
  const answer = useMatrix(run_id, measure.matrix, isRunning);
  const choose = (name: string, value: string, usual: string) =>
    setParams(
      (before) => {
        const next = new URLSearchParams(before);
        if (value === usual) next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace: true },
    );
  const note =
    answer.data && `${plural(answer.data.client_ids.length, 'client')} × ${plural(answer.data.rounds.length, 'round')}`;
  return (
    <Panel
      title="Clients by round"
      note={note}
      testId="heat-map"
      actions={
        <div className="flex gap-2">
          <Select
            aria-label="Measure"
            value={measure.key}
            onChange={({ target }) => choose('cells', target.value, 'outcome')}
          >
            {heatMeasures.map(({ key, label }) => (
              <option key={key} value={key}>
                {label}
              </option>
            ))}
          </Select>
          <Select aria-label="Order" value={order} onChange={({ target }) => choose('rows', target.value, 'worst')}>
            {orders.map(({ key, label }) => (
              <option key={key} value={key}>
                {label}
              </option>
            ))}
          </Select>
        </div>
      }
    >
      <Loaded
        what="The client by round map"
        skeleton={isSmall ? 'h-[236px]' : 'h-[calc(min(60vh,480px)+28px)]'}
        answer={answer}
      >
        {(matrix) =>
          matrix.measure !== measure.matrix ? null : matrix.client_ids.length === 0 ? (
            <EmptyState title="No client is named in this run">
              The map shows each client in each round. With secure aggregation the FL server names no clients.
            </EmptyState>
          ) : (
            <Cells
              key={`${run_id} ${measure.key} ${order}`}
              {...{ matrix, measure, order, run_id, isSmall, onRounds }}
            />
          )
        }
      </Loaded>
    </Panel>
  );
}

type CellsProps = ClientHeatMapProps & {
  readonly matrix: Parameters<typeof toHeatCells>[0];
  readonly measure: Parameters<typeof toHeatCells>[1];
  readonly order: HeatOrder;
};

function Cells({ matrix, measure, order, run_id, isSmall, onRounds }: CellsProps) {
  const marks = useAttentionMarks();
  // Only the order that goes by them is computed again when they change.
  const ranks = useMemo(
    () => (order === 'attention' ? new Map([...marks.keys()].map((id, rank) => [id, rank])) : undefined),
    [order, marks],
  );
  const drawn = useRef<{ readonly cells: HeatCells; readonly ranks: typeof ranks } | null>(null);
  const cells = useMemo(() => {
    const before = drawn.current !== null && drawn.current.ranks === ranks ? drawn.current.cells : null;
    const next = extendHeatCells(before, matrix, measure) ?? toHeatCells(matrix, measure, order, ranks);
    drawn.current = { cells: next, ranks };
    return next;
  }, [matrix, measure, order, ranks]);
  const [chosenView, setView] = useState<HeatView | null>(null);
  const [cell, setCell] = useState<HeatCell | null>(null);
  const navigate = useNavigate();
  const palette = useCallback(() => heatPalette(measure), [measure]);
  const describe = ({ row, column }: HeatCell): string => {
    const value = cells.valueAt(row, column);
    const outcome = cells.outcomeAt(row, column);
    const text =
      outcome !== null ? outcome.replace('_', ' ') : value !== null ? `${measure.label} ${measure.format(value)}` : '';
    const mark = marks.get(cells.clientIds[row] as string);
    const attention = mark === undefined ? '' : `; ${mark.severity}: ${mark.items[0]?.detail}`;
    return `${cells.clientIds[row]}, round ${cells.rounds[column]}: ${text || 'nothing reported'}${attention}`;
  };
  return (
    <>
      <div className={classes('flex', isSmall ? 'h-52' : 'h-[min(60vh,480px)]')}>
        <RowMarks marks={marks} clientIds={cells.clientIds} view={chosenView ?? wholeView(cells.grid)} />
        <div className="h-full min-w-0 grow">
          <HeatMap
            label={`${measure.label} of each client in each round`}
            grid={cells.grid}
            version={cells.version}
            view={chosenView ?? wholeView(cells.grid)}
            onView={setView}
            palette={palette}
            cell={cell}
            onCell={setCell}
            onPick={({ column }) => void navigate(`/runs/${encodeURIComponent(run_id)}/rounds/${cells.rounds[column]}`)}
            describe={describe}
            onBrush={(columns) =>
              onRounds?.(
                columns && { from: cells.rounds[columns.from] as number, to: cells.rounds[columns.to] as number },
              )
            }
          />
        </div>
      </div>
      <div className="mt-2 flex min-h-5 flex-wrap items-center justify-between gap-x-4 gap-y-1 text-xs text-muted">
        <span aria-hidden dir="auto">
          {cell === null
            ? 'Move over the map to read a cell. Click opens its round, drag chooses rounds.'
            : describe(cell)}
        </span>
        <HeatLegend measure={measure} scale={cells.scale} />
      </div>
    </>
  );
}

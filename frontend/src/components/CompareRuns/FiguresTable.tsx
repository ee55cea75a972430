import type { Run, Series } from '@rondo/protocol';
import { useMemo } from 'react';
import { formatNumber, formatPercent, formatPoints, noValue } from '../../lib/format.ts';
import type { Column } from '../ui/column.ts';
import { Table } from '../ui/Table.tsx';
import { figuresOf, type RunFigures } from './compare.ts';

interface Measure {
  readonly label: string;
  readonly isLowGood: boolean;
  readonly isShare: boolean;
  readonly series: ReadonlyMap<string, Series> | undefined;
}

interface FiguresTableProps {
  readonly nameOf: (name: string) => string;
  readonly runs: readonly { readonly run: Run; readonly token: string }[];
  readonly baseline: string | null;
  /** The baseline's last round where null. */
  readonly atRound: number | null;
  readonly measures: readonly Measure[];
}

type Row = FiguresTableProps['runs'][number];

/** Last, best and at the baseline's last round, with the difference to the baseline. */
export function FiguresTable({ runs, nameOf, baseline, atRound, measures }: FiguresTableProps) {
  const columns = useMemo<Column<Row>[]>(() => {
    const named: Column<Row> = {
      key: 'name',
      name: 'Run',
      className: 'max-w-64',
      cell: ({ run, token }) => (
        <span className="flex min-w-0 items-center gap-2">
          <span aria-hidden className="size-2 shrink-0 rounded-xs" style={{ background: `var(${token})` }} />
          <span dir="auto" title={run.name} className="truncate">
            {nameOf(run.name)}
          </span>
          {run.run_id === baseline && <span className="text-xs text-muted">baseline</span>}
        </span>
      ),
    };
    const figures = measures.flatMap((measure): Column<Row>[] => {
      const base = baseline === null ? undefined : measure.series?.get(baseline);
      const lastStep = atRound ?? base?.step.at(-1) ?? null;
      // Once for each run: three columns show them, and a series may have 10,000 values.
      const known = new Map<string, RunFigures>();
      const of = ({ run }: Row): RunFigures => {
        const found = known.get(run.run_id);
        if (found !== undefined) return found;
        const figures = figuresOf(measure.series?.get(run.run_id), measure.isLowGood, lastStep);
        known.set(run.run_id, figures);
        return figures;
      };
      const baseFigures = figuresOf(base, measure.isLowGood, lastStep);
      const text = (value: number | null) =>
        value === null ? noValue : measure.isShare ? formatPercent(value) : formatNumber(value);
      const cell = (key: 'last' | 'best' | 'at') => (row: Row) => {
        const value = of(row)[key];
        const other = baseFigures[key];
        return (
          <>
            {text(value)}
            {row.run.run_id !== baseline && value !== null && other !== null && (
              <Difference
                value={value - other}
                isShare={measure.isShare}
                isGood={value < other === measure.isLowGood}
              />
            )}
          </>
        );
      };
      const column = (key: 'last' | 'best' | 'at', name: string): Column<Row> => ({
        key: `${measure.label} ${key}`,
        name,
        align: 'end',
        className: 'whitespace-nowrap',
        cell: cell(key),
      });
      return [
        column('last', `Last ${measure.label.toLowerCase()}`),
        column('best', `Best ${measure.label.toLowerCase()}`),
        ...(lastStep === null ? [] : [column('at', `${measure.label} at ${lastStep}`)]),
      ];
    });
    const rounds: Column<Row> = {
      key: 'rounds',
      name: 'Rounds',
      align: 'end',
      cell: ({ run }) => run.current_round ?? noValue,
    };
    const clients: Column<Row> = { key: 'clients', name: 'Clients', align: 'end', cell: ({ run }) => run.num_clients };
    return [named, ...figures, rounds, clients];
  }, [measures, baseline, atRound, nameOf]);
  return (
    <section
      aria-label="Figures, scrolls"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: an area that scrolls must be reachable by keyboard.
      tabIndex={0}
      className="overflow-x-auto"
    >
      <Table label="Figures" columns={columns} rows={runs} keyOf={({ run }) => run.run_id} />
    </section>
  );
}

interface DifferenceProps {
  readonly value: number;
  readonly isShare: boolean;
  readonly isGood: boolean;
}

function Difference({ value, isShare, isGood }: DifferenceProps) {
  if (value === 0) return <span className="ml-1.5 text-xs text-muted">±0</span>;
  const size = isShare ? `${formatPoints(value)}\u202fpp` : formatNumber(Number(Math.abs(value).toPrecision(2)));
  return (
    <span className={isGood ? 'ml-1.5 text-xs text-returned' : 'ml-1.5 text-xs text-muted'}>
      {value > 0 ? '+' : '−'}
      {size}
    </span>
  );
}

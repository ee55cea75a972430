import type { Run, Series } from '@rondo/protocol';
import { X } from 'lucide-react';
import { useMemo, useState } from 'react';
import { LineChart } from '../../charts/LineChart.tsx';
import { xFormats } from '../../charts/options.ts';
import { type Prepared, prepare } from '../../charts/prepare.ts';
import type { Line, Range, Tip } from '../../charts/types.ts';
import { formatCount, noValue, plural } from '../../lib/format.ts';
import { ChartMenu } from '../ChartMenu/ChartMenu.tsx';
import { Button } from '../ui/Button.tsx';
import { pictureOf } from '../ui/chart-picture.ts';
import type { ChartView } from '../ui/chart-view.ts';
import { EmptyState } from '../ui/EmptyState.tsx';
import { Panel } from '../ui/Panel.tsx';
import { ComparedTable } from './ComparedTable.tsx';
import { isLowGood } from './compare.ts';
import { comparedCsv } from './compared-csv.ts';
import { type ComparedGroup, comparedLines } from './compared-lines.ts';

/** Lines that a box beside the cursor has room for; the best come first. */
const mostInTip = 12;
const mostInLegend = 8;

interface CompareChartProps {
  readonly metric: string;
  readonly label: string;
  readonly groups: readonly ComparedGroup[];
  readonly runs: readonly Pick<Run, 'run_id' | 'name'>[];
  readonly series: ReadonlyMap<string, Series> | undefined;
  readonly view: ChartView;
  readonly highlighted: string | null;
  readonly onZoom: (range: Range | null) => void;
  readonly onTable: (isTable: boolean) => void;
  /** Takes the chart off the page; absent for those that are always there. */
  readonly onRemove?: () => void;
}

/** One metric of all runs, with everything that the charts of a run have. */
export function CompareChart(props: CompareChartProps) {
  const { metric, label, groups, runs, series, view, highlighted, onZoom, onTable, onRemove } = props;
  const [cursor, setCursor] = useState<number | null>(null);
  const isLog = view.yMode === 'log';
  const compared = useMemo(
    () => comparedLines(groups, series, label, highlighted),
    [groups, series, label, highlighted],
  );
  const { x, lines, bands, marks, isThinned } = compared;
  const prepared = useMemo(
    () => prepare({ x, lines, smoothing: view.smoothing, isLog, xEnd: null }),
    [x, lines, view.smoothing, isLog],
  );
  const best = isLowGood(metric) ? 1 : -1;
  const rowsAt = (index: number) => valuesAt(lines, index, best);
  const place = (index: number) => `${view.x.name} ${xFormats[view.x.kind](x[index] ?? 0)}`;
  const tip = (index: number): Tip => {
    const rows = rowsAt(index);
    const hidden = rows.length - mostInTip;
    return {
      title: place(index),
      rows: rows
        .slice(0, mostInTip)
        .map(({ line, value }) => ({ label: line.label, token: line.token, text: line.format(value) })),
      notes: [
        ...(hidden > 0 ? [`and ${plural(hidden, 'more line')}`] : []),
        ...marks.filter((mark) => mark.x === x[index]).map(({ text }) => text),
      ],
    };
  };
  const picture = () =>
    pictureOf(
      {
        title: `${label} of ${plural(runs.length, 'run')}`,
        subtitle: view.smoothing > 0 ? `smoothed ${view.smoothing}` : 'as reported',
      },
      compared,
      prepared,
      view,
    );
  return (
    <Panel
      title={label}
      testId={`compare-${metric}`}
      actions={
        <div className="flex items-center gap-1.5">
          <ChartMenu
            what={label}
            isDisabled={lines.length === 0}
            filename={`compare-${metric}`}
            picture={picture}
            csv={() => comparedCsv(runs, series, metric)}
            table={{ isOn: view.isTable, onChange: onTable }}
          />
          {onRemove && (
            <Button look="quiet" size="smallIcon" aria-label={`Remove ${label}`} title="Remove" onClick={onRemove}>
              <X aria-hidden size={14} />
            </Button>
          )}
        </div>
      }
    >
      {lines.length === 0 ? (
        <EmptyState title={`No run has reported ${label.toLowerCase()}`} />
      ) : view.isTable ? (
        <ComparedTable compared={compared} xName={view.x.name} xKind={view.x.kind} label={label} />
      ) : (
        <>
          <div className="h-[clamp(220px,32vh,420px)]">
            <LineChart
              label={label}
              xName={view.x.name}
              lines={lines}
              prepared={prepared}
              zoom={view.zoom}
              onZoom={onZoom}
              onCursor={setCursor}
              describe={(index) => `${place(index)}: ${spoken(rowsAt(index))}`}
              tip={tip}
              bands={bands}
              marks={marks}
              xKind={view.x.kind}
              yMode={view.yMode}
              syncKey="compare"
            />
          </div>
          <Legend
            rows={cursor === null ? lastOf(lines, best) : rowsAt(cursor)}
            place={cursor === null ? 'last' : place(cursor)}
          />
          <Omissions prepared={prepared} isThinned={isThinned} />
        </>
      )}
    </Panel>
  );
}

interface Row {
  readonly line: Line;
  readonly value: number;
}

/** What the lines have at one place, the best first. */
function valuesAt(lines: readonly Line[], index: number, best: 1 | -1): Row[] {
  return lines
    .flatMap((line): Row[] => {
      const value = line.values[index] ?? null;
      return line.look === 'edge' || value === null ? [] : [{ line, value }];
    })
    .sort((a, b) => rankOf(a, best) - rankOf(b, best));
}

/** Without a cursor: the last value of each line, wherever it ends. */
function lastOf(lines: readonly Line[], best: 1 | -1): Row[] {
  return lines
    .flatMap((line): Row[] => {
      const value = line.values.findLast((known) => known !== null) ?? null;
      return line.look === 'edge' || value === null ? [] : [{ line, value }];
    })
    .sort((a, b) => rankOf(a, best) - rankOf(b, best));
}

/** NaN and infinities come last, whichever way is better. */
const rankOf = ({ value }: Row, best: 1 | -1): number => (Number.isFinite(value) ? value * best : Number.MAX_VALUE);

const spoken = (rows: readonly Row[]): string =>
  rows.length === 0
    ? 'no value'
    : [
        ...rows.slice(0, mostInTip).map(({ line, value }) => `${line.label} ${line.format(value)}`),
        ...(rows.length > mostInTip ? [`and ${rows.length - mostInTip} more`] : []),
      ].join(', ');

function Legend({ rows, place }: { readonly rows: readonly Row[]; readonly place: string }) {
  return (
    <p className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-xs text-soft">
      <span className="text-muted">{place}</span>
      {rows.slice(0, mostInLegend).map(({ line, value }) => (
        <span key={line.key} className="flex items-center gap-1.5">
          <span aria-hidden className="size-2 rounded-xs" style={{ background: `var(${line.token})` }} />
          <span dir="auto" className="max-w-64 truncate" title={line.label}>
            {line.label}
          </span>
          <span className="font-medium text-text">{line.format(value)}</span>
        </span>
      ))}
      {rows.length > mostInLegend && <span className="text-muted">and {rows.length - mostInLegend} more</span>}
      {rows.length === 0 && <span>{noValue}</span>}
    </p>
  );
}

function Omissions({ prepared, isThinned }: { readonly prepared: Prepared; readonly isThinned: boolean }) {
  const texts = [
    isThinned && `drawn at ${formatCount(prepared.data[0].length)} places; the CSV has every value`,
    prepared.nonFinite > 0 && `${plural(prepared.nonFinite, 'NaN or infinite value')} shown as a gap`,
    prepared.hiddenByLog > 0 && `${plural(prepared.hiddenByLog, 'value')} at or below 0 not on the log axis`,
  ].filter((text) => text !== false);
  return texts.length === 0 ? null : <p className="mt-1 text-xs text-muted">{texts.join(' · ')}</p>;
}

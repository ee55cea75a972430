import { type KeyboardEvent, useMemo, useState } from 'react';
import { chartOptions } from './options.ts';
import type { Prepared } from './prepare.ts';
import { zoomIn } from './prepare.ts';
import type { Line, Range } from './types.ts';
import { UPlot } from './UPlot.tsx';
import { useSize } from './use-size.ts';

interface LineChartProps {
  readonly label: string;
  /** What one x is called: "round". */
  readonly xName: string;
  readonly lines: readonly Line[];
  readonly prepared: Prepared;
  /** What the user zoomed to; `null` sees everything and follows. */
  readonly zoom: Range | null;
  readonly onZoom: (range: Range | null) => void;
  readonly onCursor: (index: number | null) => void;
  readonly describe: (index: number) => string;
}

/** A chart that can be read by pointer and by keyboard: arrow keys move a cursor whose values are spoken. */
export function LineChart(props: LineChartProps) {
  const { label, xName, lines, prepared, zoom, onZoom, onCursor, describe } = props;
  const [element, size] = useSize<HTMLDivElement>();
  const [keyIndex, setKeyIndex] = useState<number | null>(null);
  const count = prepared.data[0].length;

  // The look of the lines, not their values: those change with every round and need no rebuild.
  const { left, right } = prepared.scales;
  const shape = `${left.isLog} ${left.exponent} ${right.exponent} ${prepared.columns.length} ${lines.map(({ key }) => key).join()}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` stands for what the options are made of.
  const options = useMemo(
    () => chartOptions({ lines, columns: prepared.columns, scales: prepared.scales, onZoom, onCursor }),
    [shape, onZoom, onCursor],
  );

  const moveTo = (index: number) => {
    const next = Math.min(count - 1, Math.max(0, index));
    setKeyIndex(next);
    onCursor(next);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const at = keyIndex ?? count;
    const moves: Record<string, () => void> = {
      ArrowLeft: () => moveTo(at - 1),
      ArrowRight: () => moveTo(at + 1),
      PageDown: () => moveTo(at - 10),
      PageUp: () => moveTo(at + 10),
      Home: () => moveTo(0),
      End: () => moveTo(count - 1),
      '+': () => onZoom(zoomIn(zoom ?? prepared.domain)),
      '0': () => onZoom(null),
    };
    const move = moves[event.key];
    if (!move || count === 0) return;
    event.preventDefault();
    move();
  };

  const at = keyIndex ?? count - 1;
  return (
    <div
      ref={element}
      role="slider"
      tabIndex={0}
      aria-label={`${label}: values by ${xName}. Arrow keys move, plus zooms in, zero shows all.`}
      aria-orientation="horizontal"
      aria-valuemin={Number(prepared.data[0][0] ?? 0)}
      aria-valuemax={Number(prepared.data[0][count - 1] ?? 0)}
      aria-valuenow={Number(prepared.data[0][at] ?? 0)}
      aria-valuetext={count > 0 ? describe(at) : 'no values yet'}
      onKeyDown={onKeyDown}
      onBlur={() => {
        setKeyIndex(null);
        onCursor(null);
      }}
      className="h-full w-full rounded-control"
    >
      {size.width > 0 && (
        <UPlot
          options={options}
          data={prepared.data}
          range={zoom ?? prepared.domain}
          width={size.width}
          height={size.height}
          cursorIndex={keyIndex}
        />
      )}
    </div>
  );
}

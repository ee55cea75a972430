import type { Tip } from './types.ts';

/** Between the cursor and the box. */
const gap = 14;

/** Beside the cursor, on the side with room, so that it never covers the point; kept within the chart. */
export function placeTip(cursor: number, boxWidth: number, width: number): number {
  const right = cursor + gap;
  if (right + boxWidth <= width) return right;
  const left = cursor - gap - boxWidth;
  if (left >= 0) return left;
  // Neither side has room: the wider one, past the edge of the chart by what is missing.
  return width - cursor >= cursor ? right : left;
}

/** As wide as a tip may be in a chart of this width: less than half, so that one side always has room. */
export const tipWidth = (width: number): number => Math.min(240, Math.max(120, Math.floor(width / 2) - gap));

interface ChartTipProps {
  readonly tip: Tip;
  readonly left: number;
  readonly width: number;
}

/** The values at the cursor. The slider speaks the same, so it is hidden from screen readers. */
export function ChartTip({ tip, left, width }: ChartTipProps) {
  const boxWidth = tipWidth(width);
  return (
    <div
      aria-hidden
      data-testid="chart-tip"
      className="pointer-events-none absolute top-1 z-20 rounded-control border border-edge bg-panel px-2.5 py-1.5 text-xs shadow-[0_4px_16px_rgb(0_0_0/0.25)]"
      style={{ left: placeTip(left, boxWidth, width), width: boxWidth }}
    >
      <p className="truncate font-medium text-text">{tip.title}</p>
      <ul>
        {tip.rows.map(({ label, token, text }) => (
          <li key={label} className="flex items-center gap-1.5 text-soft">
            <span className="size-2 shrink-0 rounded-xs" style={{ background: `var(${token})` }} />
            <span dir="auto" className="min-w-0 grow truncate">
              {label}
            </span>
            <span className="shrink-0 font-medium text-text">{text}</span>
          </li>
        ))}
      </ul>
      {tip.notes.map((note) => (
        <p key={note} dir="auto" className="line-clamp-3 break-words text-muted">
          {note}
        </p>
      ))}
    </div>
  );
}

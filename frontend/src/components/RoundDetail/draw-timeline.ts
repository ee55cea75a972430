import { readToken } from '../../lib/theme.ts';
import type { Timeline, TimelineRow } from './timeline.ts';

/** Room for the times along the top. */
export const topOf = 18;
const mostRowPx = 14;

/** All rows are always in sight: of many clients several share a pixel. */
export const rowHeightFor = (rows: number, height: number): number =>
  Math.min(mostRowPx, (height - topOf) / Math.max(1, rows));

export function rowAt(y: number, rowHeight: number, rows: number): number | null {
  const index = Math.floor((y - topOf) / rowHeight);
  return y < topOf || index < 0 || index >= rows ? null : index;
}

/** Rows that share a pixel are drawn as one: one that failed if there is any, else the last to end. */
export function rowOfPixel(rows: readonly TimelineRow[], from: number, to: number): TimelineRow | undefined {
  for (let index = from; index < to; index++) if (rows[index]?.outcome === 'failed') return rows[index];
  return rows[to - 1];
}

interface Place {
  readonly width: number;
  readonly height: number;
  readonly rowHeight: number;
  readonly at: number | null;
  readonly formatTime: (ms: number) => string;
}

export function drawTimeline(context: CanvasRenderingContext2D, timeline: Timeline, place: Place): void {
  const { rows, span_ms } = timeline;
  const { width, height, rowHeight, at } = place;
  const colours = {
    training: readToken('--accent'),
    returned: readToken('--returned'),
    failed: readToken('--failed'),
    waiting: readToken('--waiting'),
    late: readToken('--no-reply'),
    text: readToken('--muted'),
    line: readToken('--line'),
    strong: readToken('--text'),
  };
  const x = (ms: number) => (ms / span_ms) * width;
  context.clearRect(0, 0, width, height);
  drawTimes(context, span_ms, place, colours);
  const isDense = rowHeight < 1;
  const count = isDense ? Math.floor(height - topOf) : rows.length;
  const gap = rowHeight >= 4 ? 1 : 0;
  const tall = isDense ? 1 : rowHeight - gap;
  for (let index = 0; index < count; index++) {
    const row = isDense
      ? rowOfPixel(rows, Math.floor(index / rowHeight), Math.min(rows.length, Math.floor((index + 1) / rowHeight)))
      : rows[index];
    if (row === undefined) continue;
    const y = topOf + (isDense ? index : index * rowHeight);
    const end = row.end_ms === null ? width : x(row.end_ms);
    const isAnswered = row.outcome === 'complete' || row.outcome === 'failed';
    context.globalAlpha = 0.4;
    context.fillStyle = isAnswered || row.isUploading ? colours.training : colours.waiting;
    context.fillRect(0, y, end, tall);
    context.globalAlpha = 1;
    if (row.trained_ms !== null || row.progress !== null) {
      context.fillStyle = row.outcome === 'failed' ? colours.failed : colours.training;
      const trained = row.trained_ms === null ? end * (row.progress ?? 0) : x(row.trained_ms);
      context.fillRect(0, y, trained, tall);
    }
    if (isAnswered) {
      context.fillStyle = row.outcome === 'failed' ? colours.failed : colours.returned;
      context.fillRect(Math.max(0, end - 3), y, 3, tall);
    } else if (row.outcome === 'no_reply') {
      context.fillStyle = colours.late;
      context.fillRect(Math.max(0, end - 3), y, 3, tall);
    }
  }
  if (at !== null) {
    context.strokeStyle = colours.strong;
    context.lineWidth = 1;
    context.strokeRect(0.5, topOf + at * rowHeight + 0.5, width - 1, Math.max(1, tall - 1));
  }
  drawMark(context, timeline.median_ms, colours.strong, [3, 3], x, place);
  drawMark(context, timeline.deadline_ms, colours.late, [], x, place);
}

type Colours = Readonly<Record<'text' | 'line', string>>;

/** Round times, at most one for each 90 pixels. */
function drawTimes(context: CanvasRenderingContext2D, span_ms: number, place: Place, { text, line }: Colours): void {
  const { width, height, formatTime } = place;
  const least = span_ms / Math.max(1, Math.floor(width / 90));
  const magnitude = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((factor) => factor * magnitude).find((each) => each >= least) ?? least;
  context.font = '11px "Inter Variable", system-ui, sans-serif';
  context.textBaseline = 'top';
  for (let ms = 0; ms <= span_ms && step > 0; ms += step) {
    const at = Math.round((ms / span_ms) * width);
    context.fillStyle = line;
    context.fillRect(at, topOf - 4, 1, height);
    context.fillStyle = text;
    if (at < width - 40) context.fillText(formatTime(ms), at + 4, 0);
  }
}

function drawMark(
  context: CanvasRenderingContext2D,
  ms: number | null,
  colour: string,
  dash: number[],
  x: (ms: number) => number,
  { width, height }: Place,
): void {
  if (ms === null || x(ms) > width) return;
  const at = Math.min(width - 1, Math.round(x(ms))) + 0.5;
  context.save();
  context.strokeStyle = colour;
  context.setLineDash(dash);
  context.lineWidth = 1.5;
  context.beginPath();
  context.moveTo(at, topOf - 6);
  context.lineTo(at, height);
  context.stroke();
  context.restore();
}

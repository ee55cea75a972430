import { axisRange, axisSplits, logSplits, timeSplits, wholeSplits } from '../axis.ts';
import { fromDrawn, toDrawn } from '../drawn.ts';
import { markLooks, markShapes } from '../marks.ts';
import { bandAlpha, xFormats } from '../options.ts';
import { isMainLine, type Prepared } from '../prepare.ts';
import type { Band, ChartMark, Line, Range, XKind, YMode } from '../types.ts';

export interface ChartPicture {
  readonly title: string;
  /** The run, its round, the range: what makes the picture true outside of the page. */
  readonly subtitle: string;
  readonly xName: string;
  readonly lines: readonly Line[];
  readonly prepared: Prepared;
  readonly range: Range;
  readonly bands: readonly Band[];
  readonly marks: readonly ChartMark[];
  readonly xKind: XKind;
  readonly yMode: YMode;
}

interface Paper {
  readonly width: number;
  readonly height: number;
  /** The colour of a token. */
  readonly colour: (token: string) => string;
}

const font = 'Inter, system-ui, sans-serif';
const pad = { top: 56, bottom: 64, side: 56 };
const xLabels = 8;
/** The limits of an axis on a logarithmic scale are this far from the values, in powers of ten. */
const logPad = 0.06;

const escapeXml = (text: string): string =>
  // Control characters have no place in XML, escaped or not.
  text
    .replace(/[^\t\n\r -\ud7ff\ue000-\ufffd]/g, '�')
    .replace(/[&<>"]/g, (sign) => `&${{ '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot' }[sign]};`);

/** A chart as an SVG file, with its title and its legend, as it is seen now. */
export function chartSvg(picture: ChartPicture, { width, height, colour }: Paper): string {
  const { lines, prepared, range, xKind } = picture;
  const [left, right, top, bottom] = [pad.side, width - pad.side, pad.top, height - pad.bottom];
  const x = (value: number) => left + ((value - range.min) / (range.max - range.min || 1)) * (right - left);
  const first = Math.max(0, firstAtLeast(prepared.data[0] as number[], range.min) - 1);
  const end = Math.min(prepared.data[0].length, firstAtLeast(prepared.data[0] as number[], range.max) + 2);
  const columns = prepared.columns.map((column, at) => ({
    ...column,
    of: lines[column.line] as Line,
    values: prepared.data[at + 1] as readonly (number | null)[],
  }));
  const axes = (['left', 'right'] as const).flatMap((side) => {
    const own = columns.filter(({ of }) => of.axis === side);
    const of = own[0]?.of;
    if (of === undefined) return [];
    const seen = own.flatMap(({ values }) => values.slice(first, end)).filter((value) => value !== null);
    const least = seen.length === 0 ? null : seen.reduce((a, b) => Math.min(a, b));
    const greatest = seen.length === 0 ? null : seen.reduce((a, b) => Math.max(a, b));
    const scale = prepared.scales[side];
    const span = of.span && ([toDrawn(of.span[0], scale), toDrawn(of.span[1], scale)] as const);
    const limits = scale.isLog
      ? { min: (least ?? 0) - logPad, max: (greatest ?? 1) + logPad }
      : axisRange(least, greatest, span, picture.yMode === 'log' ? 'auto' : picture.yMode);
    return [{ side, of, scale, limits }];
  });
  const yOf = (side: Line['axis']) => {
    const limits = axes.find((axis) => axis.side === side)?.limits ?? { min: 0, max: 1 };
    return (value: number) => bottom - ((value - limits.min) / (limits.max - limits.min || 1)) * (bottom - top);
  };
  const pathOf = (values: readonly (number | null)[], side: Line['axis']) => {
    const y = yOf(side);
    let isDown = false;
    let path = '';
    for (let at = first; at < end; at++) {
      const value = values[at] ?? null;
      if (value === null) isDown = false;
      else {
        path += `${isDown ? 'L' : 'M'}${x(prepared.data[0][at] as number).toFixed(1)} ${y(value).toFixed(1)}`;
        isDown = true;
      }
    }
    return path;
  };
  const columnOf = (key: string) => columns.find(({ of, isOriginal }) => of.key === key && !isOriginal);

  const parts: string[] = [];
  const text = (at: [number, number], words: string, given: string) =>
    parts.push(`<text x="${at[0].toFixed(1)}" y="${at[1].toFixed(1)}" ${given}>${escapeXml(words)}</text>`);
  parts.push(`<rect width="${width}" height="${height}" fill="${colour('--panel')}"/>`);
  text([left, 24], picture.title, `font-size="15" font-weight="600" fill="${colour('--text')}"`);
  text([left, 42], picture.subtitle, `font-size="11" fill="${colour('--muted')}"`);
  for (const { side, of, scale, limits } of axes) {
    for (const split of (scale.isLog ? logSplits : axisSplits)(limits)) {
      const y = yOf(side)(split);
      if (side === 'left' || axes.length === 1) {
        parts.push(
          `<line x1="${left}" x2="${right}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}" stroke="${colour('--line')}"/>`,
        );
      }
      text(
        [side === 'left' ? left - 8 : right + 8, y + 4],
        of.formatTick(fromDrawn(split, scale)),
        `font-size="11" text-anchor="${side === 'left' ? 'end' : 'start'}" fill="${colour('--muted')}"`,
      );
    }
  }
  for (const split of (xKind === 'time' ? timeSplits : wholeSplits)(range, xLabels)) {
    text(
      [x(split), bottom + 18],
      xFormats[xKind](split),
      `font-size="11" text-anchor="middle" fill="${colour('--muted')}"`,
    );
  }
  text([right, bottom + 34], picture.xName, `font-size="11" text-anchor="end" fill="${colour('--muted')}"`);

  parts.push(
    `<clipPath id="plot"><rect x="${left}" y="${top}" width="${right - left}" height="${bottom - top}"/></clipPath><g clip-path="url(#plot)" fill="none" stroke-linejoin="round">`,
  );
  for (const { upper, lower, token } of picture.bands) {
    const [high, low] = [columnOf(upper), columnOf(lower)];
    if (high && low) {
      parts.push(
        `<path d="${areaOf(prepared.data[0] as number[], high.values, low.values, first, end, x, yOf(high.of.axis))}" fill="${colour(token)}" fill-opacity="${bandAlpha}"/>`,
      );
    }
  }
  for (const { of, isOriginal, values } of columns) {
    if (of.look === 'edge') continue;
    const isThin = isOriginal || of.look === 'thin';
    parts.push(
      `<path d="${pathOf(values, of.axis)}" stroke="${colour(of.token)}" stroke-width="${isThin ? 1 : 2}"${isOriginal ? ' stroke-opacity="0.35"' : ''}${of.look === 'thin' ? ' stroke-dasharray="4 3"' : ''}/>`,
    );
  }
  for (const { x: at, kind } of picture.marks) {
    if (at < range.min || at > range.max) continue;
    const y = bottom - (kind === 'checkpoint' ? 6 : 18);
    const path = markShapes[kind]
      .map((shape) =>
        shape
          .map(
            ([dx, dy], index) => `${index === 0 ? 'M' : 'L'}${(x(at) + dx * 4).toFixed(1)} ${(y + dy * 4).toFixed(1)}`,
          )
          .join(''),
      )
      .join('');
    parts.push(`<path d="${path}" stroke="${colour(markLooks[kind].token)}" stroke-width="1.5"/>`);
  }
  parts.push('</g>');

  const words = [
    ...lines
      .filter((line) => isMainLine(line) || line.look === 'thin')
      .map(({ label, token }) => ({ words: label, token })),
    ...[
      ...new Set(picture.marks.filter(({ x: at }) => at >= range.min && at <= range.max).map(({ kind }) => kind)),
    ].map((kind) => ({ words: markLooks[kind].word, ...markLooks[kind] })),
  ];
  let at = left;
  for (const { words: label, token } of words) {
    parts.push(`<rect x="${at}" y="${height - 22}" width="10" height="10" rx="2" fill="${colour(token)}"/>`);
    text([at + 16, height - 13], label, `font-size="11" fill="${colour('--soft')}"`);
    // Without a canvas the width of a text is not known; this is a little more than Inter needs.
    at += 32 + label.length * 6.4;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${font}">${parts.join('')}</svg>`;
}

/** Areas between two lines; a gap in either ends one. */
function areaOf(
  xs: readonly number[],
  high: readonly (number | null)[],
  low: readonly (number | null)[],
  first: number,
  end: number,
  x: (value: number) => number,
  y: (value: number) => number,
): string {
  let path = '';
  let over: string[] = [];
  let under: string[] = [];
  const close = () => {
    if (over.length > 1) path += `M${over.join('L')}L${under.reverse().join('L')}Z`;
    over = [];
    under = [];
  };
  for (let at = first; at < end; at++) {
    const [a, b] = [high[at] ?? null, low[at] ?? null];
    if (a === null || b === null) close();
    else {
      const left = x(xs[at] as number).toFixed(1);
      over.push(`${left} ${y(a).toFixed(1)}`);
      under.push(`${left} ${y(b).toFixed(1)}`);
    }
  }
  close();
  return path;
}

function firstAtLeast(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

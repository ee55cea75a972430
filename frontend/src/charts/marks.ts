import type uPlot from 'uplot';
import { readToken } from '../lib/theme.ts';
import type { ChartMark } from './types.ts';

export const markLooks: Readonly<Record<ChartMark['kind'], { readonly token: string; readonly word: string }>> = {
  not_finite: { token: '--no-reply', word: 'NaN or infinite' },
  failed: { token: '--failed', word: 'failed round' },
  stopped: { token: '--no-reply', word: 'stopped round' },
  checkpoint: { token: '--accent', word: 'checkpoint' },
};

/** Half the size of a mark, in CSS pixels. */
const half = 4;

/** The lines of a mark about its middle, each from a point to the next: a shape for each kind, so that colour is not needed. */
export const markShapes: Readonly<Record<ChartMark['kind'], readonly (readonly [number, number])[][]>> = {
  not_finite: [
    [
      [-1, -1],
      [1, 1],
    ],
    [
      [-1, 1],
      [1, -1],
    ],
  ],
  failed: [
    [
      [0, -2.2],
      [0, 1],
    ],
    [
      [-0.8, 1],
      [0.8, 1],
    ],
  ],
  stopped: [
    [
      [-0.8, -0.8],
      [0.8, -0.8],
      [0.8, 0.8],
      [-0.8, 0.8],
      [-0.8, -0.8],
    ],
  ],
  checkpoint: [
    [
      [0, -1],
      [1, 0],
      [0, 1],
      [-1, 0],
      [0, -1],
    ],
  ],
};

/** Draws the marks that are in sight along the foot of the plot. */
export function drawMarks(plot: uPlot, marks: readonly ChartMark[]): void {
  const { min, max } = plot.scales.x ?? {};
  if (marks.length === 0 || min === undefined || max === undefined) return;
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio || 1;
  const size = half * ratio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left - size, bbox.top, bbox.width + 2 * size, bbox.height);
  ctx.clip();
  ctx.lineWidth = 1.5 * ratio;
  // A dashed series leaves its dashes behind.
  ctx.setLineDash([]);
  for (const { x, kind } of marks) {
    if (x < min || x > max) continue;
    const left = plot.valToPos(x, 'x', true);
    // Checkpoints have a row of their own, so that they hide nothing.
    const top = bbox.top + bbox.height - size * (kind === 'checkpoint' ? 1.4 : 4.4);
    ctx.strokeStyle = readTokenOnce(markLooks[kind].token);
    ctx.beginPath();
    for (const shape of markShapes[kind]) {
      shape.forEach(([dx, dy], at) => {
        if (at === 0) ctx.moveTo(left + dx * size, top + dy * size);
        else ctx.lineTo(left + dx * size, top + dy * size);
      });
    }
    ctx.stroke();
  }
  ctx.restore();
}

let known: { readonly at: number; readonly colours: Map<string, string> } = { at: 0, colours: new Map() };

/** Reading a token costs a style calculation; the marks of one drawing share it. */
function readTokenOnce(token: string): string {
  const now = performance.now();
  if (now - known.at > 16) known = { at: now, colours: new Map() };
  const colour = known.colours.get(token) ?? readToken(token);
  known.colours.set(token, colour);
  return colour;
}

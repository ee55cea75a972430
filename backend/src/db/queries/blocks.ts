import { type MetricValue, toNumber } from '@rondo/protocol';
import type { metricBlocks } from '../schema.ts';

export interface Point {
  readonly step: number;
  readonly value: MetricValue;
  readonly at: string;
}

export type Block = Omit<typeof metricBlocks.$inferSelect, 'run_id' | 'client_id' | 'name'>;

/** The extremes of points by blocks of `width` steps. */
export function blocksOf(points: Iterable<Point>, width: number): Block[] {
  const blocks = new Map<number, Block>();
  for (const point of points) {
    const number = Math.floor(point.step / width);
    const block = blocks.get(number) ?? emptyBlock(width, number);
    blocks.set(number, block);
    addPoint(block, point);
  }
  return [...blocks.values()];
}

const emptyBlock = (width: number, block: number): Block => ({
  width,
  block,
  num_points: 0,
  least: null,
  least_step: null,
  least_at: null,
  greatest: null,
  greatest_step: null,
  greatest_at: null,
  nan_step: null,
  nan_at: null,
});

// In place: ten thousands of points go through here in one turn of the event loop.
function addPoint(block: Block, { step, value, at }: Point): void {
  block.num_points += 1;
  if (value === 'NaN') {
    block.nan_step ??= step;
    block.nan_at ??= at;
    return;
  }
  if (block.least === null || toNumber(value) < toNumber(block.least)) {
    block.least = value;
    block.least_step = step;
    block.least_at = at;
  }
  if (block.greatest === null || toNumber(value) > toNumber(block.greatest)) {
    block.greatest = value;
    block.greatest_step = step;
    block.greatest_at = at;
  }
}

/** Blocks of a width in one of the next. */
export const blocksPerBlock = 8;

/** Blocks of these many smallest ones, so that no range is read as more than about 4,000. */
const sizes = [0, 1, 2, 3, 4].map((level) => blocksPerBlock ** level);

/** Blocks of `width` from all blocks of the width below, in their order. */
export function mergedBlocks(parts: readonly Block[], width: number): Block[] {
  const merged = new Map<number, Block>();
  for (const part of parts) {
    const number = Math.floor(part.block / blocksPerBlock);
    const block = merged.get(number) ?? emptyBlock(width, number);
    merged.set(number, block);
    block.num_points += part.num_points;
    if (part.least !== null && (block.least === null || toNumber(part.least) < toNumber(block.least))) {
      const { least, least_step, least_at } = part;
      Object.assign(block, { least, least_step, least_at });
    }
    if (part.greatest !== null && (block.greatest === null || toNumber(part.greatest) > toNumber(block.greatest))) {
      const { greatest, greatest_step, greatest_at } = part;
      Object.assign(block, { greatest, greatest_step, greatest_at });
    }
    block.nan_step ??= part.nan_step;
    block.nan_at ??= part.nan_at;
  }
  return [...merged.values()];
}

export const widthsOf = (smallest: number): number[] => sizes.map((size) => size * smallest);

// Points in a smallest block of a series that goes on as it began.
const pointsPerBlock = 32;

/** A width for the smallest blocks, from how far apart the points are, leaving out a tenth at both ends. */
export function smallestWidth(points: readonly Point[]): number {
  const steps = points.map(({ step }) => step).sort((a, b) => a - b);
  const at = (share: number) => steps[Math.floor(share * (steps.length - 1))] ?? 0;
  const apart = (at(0.9) - at(0.1)) / Math.max(1, 0.8 * (steps.length - 1));
  // 2^32 keeps the largest width, and every step divided by it, exact.
  return 2 ** Math.min(32, Math.max(5, Math.round(Math.log2(Math.max(1, apart) * pointsPerBlock))));
}

/** A piece of a range of steps: whole blocks of a width, or single points where `width` is 1. Ends are included. */
export interface Piece {
  readonly width: number;
  readonly first: number;
  readonly last: number;
}

/** The steps from `low` to `high` as the largest of the blocks that lie inside it, and points at its ends. */
export function piecesOf(low: number, high: number, widths: readonly number[]): Piece[] {
  if (low > high) return [];
  const width = widths.at(-1);
  if (width === undefined) return [{ width: 1, first: low, last: high }];
  const smaller = widths.slice(0, -1);
  const first = Math.ceil(low / width);
  const last = Math.floor((high + 1) / width) - 1;
  if (first > last) return piecesOf(low, high, smaller);
  return [
    ...piecesOf(low, first * width - 1, smaller),
    { width, first, last },
    ...piecesOf((last + 1) * width, high, smaller),
  ];
}

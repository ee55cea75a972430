import type { HeatGrid } from './grid.ts';
import { shades } from './shades.ts';

/** What part of the grid is seen, in cells; fractions are parts of a cell. */
export interface HeatView {
  readonly firstColumn: number;
  readonly columns: number;
  readonly firstRow: number;
  readonly rows: number;
}

/** A colour for each shade, as `ImageData` has them: 0xAABBGGRR. */
export interface HeatPalette {
  readonly colours: Uint32Array;
  /** The shade that has stripes, so that it differs without colour, and their second colour. */
  readonly striped: number;
  readonly stripe: number;
}

/**
 * Paints a view into the pixels of an image.
 *
 * Where cells are smaller than pixels, a pixel shows the worst of the cells under it, never less; from a coarser level it
 * may show a cell that is up to one pixel away.
 */
export function paint(grid: HeatGrid, view: HeatView, palette: HeatPalette, pixels: Uint32Array, width: number): void {
  const height = pixels.length / width;
  const columnsPerPixel = view.columns / width;
  const rowsPerPixel = view.rows / height;
  const { cells, height: levelHeight, rows, columns } = grid.level(halvings(rowsPerPixel), halvings(columnsPerPixel));
  const across = spans(view.firstColumn, columnsPerPixel, width, columns, Math.ceil(grid.numColumns / 2 ** columns));
  const down = readsOf(spans(view.firstRow, rowsPerPixel, height, rows, levelHeight));
  // A block is as wide as a cache line has pixels, so that each line of the image is written once.
  const block = new Uint8Array(blockWidth * height);
  const starts = new Int32Array(blockWidth);
  for (let left = 0; left < width; left += blockWidth) {
    const right = Math.min(width, left + blockWidth);
    for (let x = left; x < right; x++) {
      const from = across[2 * x] as number;
      const to = across[2 * x + 1] as number;
      // Pixels of the same cells have the same column.
      if (x > left && from === across[2 * x - 2] && to === across[2 * x - 1]) {
        starts[x - left] = starts[x - left - 1] as number;
        continue;
      }
      const start = (x - left) * height;
      starts[x - left] = start;
      if (from >= to) block.fill(shades.missing, start, start + height);
      for (let column = from; column < to; column++)
        takeWorst(
          cells.subarray(column * levelHeight, (column + 1) * levelHeight),
          down,
          block,
          start,
          column === from,
        );
    }
    paintBlock(block, starts, palette, pixels, { left, right, width });
  }
}

const blockWidth = 16;

const halvings = (cellsPerPixel: number): number => Math.max(0, Math.floor(Math.log2(cellsPerPixel)));

/** For each pixel the first and the last-but-one cell of the level that it touches, within the grid. */
function spans(first: number, perPixel: number, count: number, level: number, limit: number): Int32Array {
  const size = 2 ** level;
  const ends = new Int32Array(2 * count);
  for (let pixel = 0; pixel < count; pixel++) {
    const isEnlarged = perPixel <= 1;
    const from = Math.floor((first + (pixel + (isEnlarged ? 0.5 : 0)) * perPixel) / size);
    const to = isEnlarged ? from + 1 : Math.ceil((first + (pixel + 1) * perPixel) / size);
    ends[2 * pixel] = Math.max(0, Math.min(limit, from));
    ends[2 * pixel + 1] = Math.max(0, Math.min(limit, to));
  }
  return ends;
}

interface Reads {
  /** For each pixel the cells to read: as many for each, so that the loop over pixels has no loop of changing length. */
  readonly cells: readonly Int32Array[];
  /** The pixels that have a cell. */
  readonly from: number;
  readonly to: number;
}

function readsOf(ends: Int32Array): Reads {
  const count = ends.length / 2;
  let [from, to, most] = [count, 0, 1];
  for (let pixel = 0; pixel < count; pixel++) {
    const size = (ends[2 * pixel + 1] as number) - (ends[2 * pixel] as number);
    if (size <= 0) continue;
    from = Math.min(from, pixel);
    to = pixel + 1;
    most = Math.max(most, size);
  }
  const cells = Array.from({ length: most }, (_, nth) =>
    Int32Array.from({ length: count }, (_, pixel) =>
      Math.min((ends[2 * pixel] as number) + nth, (ends[2 * pixel + 1] as number) - 1),
    ),
  );
  return { cells, from: Math.min(from, to), to };
}

/** The greater of two bytes, without a branch that noise would make the processor guess wrong. */
const greater = (a: number, b: number): number => a - ((a - b) & ((a - b) >> 31));

function takeWorst(column: Uint8Array, { cells, from, to }: Reads, block: Uint8Array, start: number, isFirst: boolean) {
  const [first, second, ...rest] = cells as [Int32Array, Int32Array?, ...Int32Array[]];
  if (isFirst) block.fill(shades.missing, start, start + first.length);
  if (second === undefined) {
    for (let y = from; y < to; y++)
      block[start + y] = greater(block[start + y] as number, column[first[y] as number] as number);
    return;
  }
  for (let y = from; y < to; y++) {
    const two = greater(column[first[y] as number] as number, column[second[y] as number] as number);
    block[start + y] = greater(block[start + y] as number, two);
  }
  for (const reads of rest) {
    for (let y = from; y < to; y++)
      block[start + y] = greater(block[start + y] as number, column[reads[y] as number] as number);
  }
}

interface Block {
  readonly left: number;
  readonly right: number;
  readonly width: number;
}

function paintBlock(
  block: Uint8Array,
  starts: Int32Array,
  { colours, striped, stripe }: HeatPalette,
  pixels: Uint32Array,
  { left, right, width }: Block,
) {
  const height = pixels.length / width;
  for (let y = 0; y < height; y++) {
    const line = y * width + left;
    for (let x = 0; x < right - left; x++) {
      const shade = block[(starts[x] as number) + y] as number;
      pixels[line + x] = shade === striped && ((left + x + y) & 3) < 2 ? stripe : (colours[shade] as number);
    }
  }
}

/** The view moved and scaled about a point, kept within the grid. Never less than one cell, never more than all. */
export function zoomView(view: HeatView, grid: HeatGrid, factor: number, about: { x: number; y: number }): HeatView {
  const columns = clamp(view.columns * factor, Math.min(4, grid.numColumns), grid.numColumns);
  const rows = clamp(view.rows * factor, Math.min(4, grid.numRows), grid.numRows);
  return panView(
    {
      columns,
      rows,
      firstColumn: view.firstColumn + about.x * (view.columns - columns),
      firstRow: view.firstRow + about.y * (view.rows - rows),
    },
    grid,
    0,
    0,
  );
}

/** The view moved by cells, kept within the grid. */
export function panView(view: HeatView, grid: HeatGrid, byColumns: number, byRows: number): HeatView {
  return {
    ...view,
    firstColumn: clamp(view.firstColumn + byColumns, 0, Math.max(0, grid.numColumns - view.columns)),
    firstRow: clamp(view.firstRow + byRows, 0, Math.max(0, grid.numRows - view.rows)),
  };
}

export const wholeView = (grid: HeatGrid): HeatView => ({
  firstColumn: 0,
  columns: Math.max(1, grid.numColumns),
  firstRow: 0,
  rows: Math.max(1, grid.numRows),
});

const clamp = (value: number, least: number, most: number): number => Math.max(least, Math.min(most, value));

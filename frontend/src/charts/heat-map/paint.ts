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
  const down = spans(view.firstRow, rowsPerPixel, height, rows, levelHeight);
  const worst = new Uint8Array(height);
  for (let x = 0; x < width; x++) {
    const from = across[2 * x] as number;
    const to = across[2 * x + 1] as number;
    // Pixels of the same cells have the same column.
    if (x === 0 || from !== across[2 * x - 2] || to !== across[2 * x - 1]) {
      worst.fill(shades.missing);
      for (let column = from; column < to; column++) takeWorst(cells, column * levelHeight, down, worst);
    }
    paintColumn(worst, palette, pixels, x, width);
  }
}

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

function takeWorst(cells: Uint8Array, start: number, down: Int32Array, worst: Uint8Array): void {
  for (let y = 0; y < worst.length; y++) {
    let shade = worst[y] as number;
    const to = down[2 * y + 1] as number;
    for (let row = down[2 * y] as number; row < to; row++) {
      const other = cells[start + row] as number;
      if (other > shade) shade = other;
    }
    worst[y] = shade;
  }
}

function paintColumn(
  worst: Uint8Array,
  { colours, striped, stripe }: HeatPalette,
  pixels: Uint32Array,
  x: number,
  width: number,
) {
  for (let y = 0, at = x; y < worst.length; y++, at += width) {
    const shade = worst[y] as number;
    const isStripe = shade === striped && ((x + y) & 3) < 2;
    pixels[at] = isStripe ? stripe : (colours[shade] as number);
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

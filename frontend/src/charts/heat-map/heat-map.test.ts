import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeatGrid } from './grid.ts';
import { type HeatView, paint, panView, wholeView, zoomView } from './paint.ts';
import { scaleOf, shadeOf, shades } from './shades.ts';

/** Colours that are the shades themselves, so that pixels can be compared with cells. */
const identity = {
  colours: Uint32Array.from({ length: 256 }, (_, shade) => shade),
  stripe: 255,
  striped: shades.notFinite,
};

function gridOf(columns: readonly (readonly number[])[]): HeatGrid {
  const grid = new HeatGrid(columns[0]?.length ?? 0, 1);
  for (const [index, cells] of columns.entries()) grid.setColumn(index, Uint8Array.from(cells));
  return grid;
}

function painted(grid: HeatGrid, view: HeatView, width: number, height: number): number[] {
  const pixels = new Uint32Array(width * height);
  paint(grid, view, identity, pixels, width);
  return [...pixels];
}

const columnsOf = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 })).chain(([rows, columns]) =>
  fc.array(fc.array(fc.integer({ min: 0, max: 255 }), { minLength: rows, maxLength: rows }), {
    minLength: columns,
    maxLength: columns,
  }),
);

describe('shades', () => {
  it('order values from good to bad, missing below all and not finite above all', () => {
    const scale = { min: 0, max: 10 };
    const order = [null, 0, 5, 10, Number.NaN].map((value) => shadeOf(value, scale));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(new Set(order).size).toBe(5);
    expect(shadeOf(-0.4, { min: -1, max: 1, isLowBad: true })).toBeGreaterThan(
      shadeOf(0.4, { min: -1, max: 1, isLowBad: true }),
    );
  });

  it('are between least and greatest for every finite value and scale', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), fc.double({ noNaN: true }), (value, a, b) => {
        fc.pre([value, a, b].every(Number.isFinite));
        const shade = shadeOf(value, { min: Math.min(a, b), max: Math.max(a, b) });
        expect(shade).toBeGreaterThanOrEqual(shades.least);
        expect(shade).toBeLessThanOrEqual(shades.greatest);
      }),
    );
  });

  it('one extreme value does not flatten the others', () => {
    const values = Array.from({ length: 1_000 }, (_, index) => index / 1_000);
    values[500] = 1e9;
    const scale = scaleOf(values);
    expect(scale.max).toBeLessThan(1.1);
    expect(shadeOf(1e9, scale)).toBe(shades.greatest);
  });
});

describe('painting', () => {
  it('shows every cell as it is where a cell is as large as a pixel or larger', () => {
    const grid = gridOf([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    expect(painted(grid, wholeView(grid), 3, 2)).toEqual([1, 3, 5, 2, 4, 6]);
    expect(painted(grid, wholeView(grid), 6, 2)).toEqual([1, 1, 3, 3, 5, 5, 2, 2, 4, 4, 6, 6]);
  });

  it('a zoomed-out pixel is never better than the worst cell under it, nor worse than what is a pixel away', () => {
    fc.assert(
      fc.property(
        columnsOf,
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        (cells, width, height) => {
          const grid = gridOf(cells);
          const rows = grid.numRows;
          fc.pre(cells.length > width && rows > height);
          const pixels = painted(grid, wholeView(grid), width, height);
          const worstIn = (x0: number, x1: number, y0: number, y1: number) => {
            let worst = 0;
            for (let column = Math.max(0, Math.floor(x0)); column < Math.min(cells.length, Math.ceil(x1)); column++) {
              for (let row = Math.max(0, Math.floor(y0)); row < Math.min(rows, Math.ceil(y1)); row++) {
                worst = Math.max(worst, cells[column]?.[row] ?? 0);
              }
            }
            return worst;
          };
          const dx = cells.length / width;
          const dy = rows / height;
          pixels.forEach((shade, at) => {
            const x = at % width;
            const y = Math.floor(at / width);
            expect(shade).toBeGreaterThanOrEqual(worstIn(x * dx, (x + 1) * dx, y * dy, (y + 1) * dy));
            expect(shade).toBeLessThanOrEqual(worstIn((x - 1) * dx, (x + 2) * dx, (y - 1) * dy, (y + 2) * dy));
          });
        },
      ),
    );
  });

  it('the one bad cell of 5,000 × 1,000 is on the screen, also when its column arrives last', () => {
    const grid = new HeatGrid(5_000, 1_000);
    const healthy = new Uint8Array(5_000).fill(10);
    for (let column = 0; column < 1_000; column++) grid.setColumn(column, healthy);
    expect(painted(grid, wholeView(grid), 700, 400)).not.toContain(253);
    const bad = healthy.slice();
    bad[3_333] = 253;
    grid.setColumn(777, bad);
    expect(painted(grid, wholeView(grid), 700, 400)).toContain(253);
    expect(painted(grid, wholeView(grid), 300, 200)).toContain(253);
  });

  it('writing columns in any order of appends and changes gives the grid of the final columns', () => {
    fc.assert(
      fc.property(columnsOf, fc.array(fc.nat(39)), (cells, changes) => {
        const grid = new HeatGrid(cells[0]?.length ?? 0, 1);
        cells.forEach((column, index) => {
          grid.setColumn(
            index,
            Uint8Array.from(column).map((shade) => shade ^ 1),
          );
          painted(grid, wholeView(grid), 3, 3);
        });
        for (const index of changes) {
          if (index < cells.length) grid.setColumn(index, Uint8Array.from(cells[index] ?? []));
        }
        for (const [index, column] of cells.entries()) grid.setColumn(index, Uint8Array.from(column));
        const fresh = gridOf(cells);
        for (const size of [1, 2, 3, 7]) {
          expect(painted(grid, wholeView(grid), size, size)).toEqual(painted(fresh, wholeView(fresh), size, size));
        }
      }),
    );
  });

  it('an empty grid and a view past its end are all missing', () => {
    const grid = new HeatGrid(0);
    expect(painted(grid, wholeView(grid), 2, 2)).toEqual([0, 0, 0, 0]);
    const one = gridOf([[9]]);
    expect(painted(one, { firstColumn: 5, columns: 2, firstRow: 5, rows: 2 }, 2, 2)).toEqual([0, 0, 0, 0]);
  });
});

describe('the view', () => {
  it('stays within the grid, whatever is zoomed and moved', () => {
    const grid = gridOf(Array.from({ length: 30 }, () => new Array<number>(50).fill(1)));
    const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ min: 0.01, max: 100, noNaN: true }), number, number), { maxLength: 20 }),
        (steps) => {
          let view = wholeView(grid);
          for (const [factor, x, y] of steps) {
            view = panView(zoomView(view, grid, factor, { x: 0.3, y: 0.7 }), grid, x, y);
            expect(view.firstColumn).toBeGreaterThanOrEqual(0);
            expect(view.firstRow).toBeGreaterThanOrEqual(0);
            expect(view.firstColumn + view.columns).toBeLessThanOrEqual(30 + 1e-9);
            expect(view.firstRow + view.rows).toBeLessThanOrEqual(50 + 1e-9);
            expect(view.columns).toBeGreaterThanOrEqual(4 - 1e-9);
          }
        },
      ),
    );
  });
});

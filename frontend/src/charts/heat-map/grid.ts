import { shades } from './shades.ts';

/** Shades halved along the rows, level by level: a cell of level k is the worst of 2^k rows. */
interface Mips {
  /** Column by column, `heights[k]` bytes each. */
  readonly levels: Uint8Array[];
  numColumns: number;
}

/**
 * A grid of shades that can be drawn at any zoom in the time of its pixels.
 *
 * Halving along rows and columns separately keeps a wide and a tall view equally cheap, and every halving keeps the
 * worst cell. Halvings along the columns are made when a view first needs them.
 */
export class HeatGrid {
  readonly numRows: number;
  readonly #heights: number[] = [];
  readonly #byColumns: Mips[] = [];
  #capacity: number;

  constructor(numRows: number, capacity = 64) {
    this.numRows = numRows;
    this.#capacity = Math.max(1, capacity);
    for (let height = numRows; ; height = Math.ceil(height / 2)) {
      this.#heights.push(height);
      if (height <= 1) break;
    }
    this.#byColumns.push({
      levels: this.#heights.map((height) => new Uint8Array(height * this.#capacity)),
      numColumns: 0,
    });
  }

  get numColumns(): number {
    return this.#base.numColumns;
  }

  get #base(): Mips {
    return this.#byColumns[0] as Mips;
  }

  cell(row: number, column: number): number {
    if (row < 0 || column < 0 || row >= this.numRows || column >= this.numColumns) return shades.missing;
    return (this.#base.levels[0] as Uint8Array)[column * this.numRows + row] as number;
  }

  /** Writes a column, appending it if it is the next one. Costs two reads a row and halving, whatever the grid's size. */
  setColumn(column: number, cells: Uint8Array): void {
    if (cells.length !== this.numRows) throw new RangeError(`a column has ${this.numRows} cells, not ${cells.length}`);
    if (column > this.numColumns) throw new RangeError(`the next column is ${this.numColumns}, not ${column}`);
    if (column >= this.#capacity) this.#grow(column + 1);
    (this.#base.levels[0] as Uint8Array).set(cells, column * this.numRows);
    this.#base.numColumns = Math.max(this.#base.numColumns, column + 1);
    this.#halveRows(this.#base, column);
    this.#byColumns.slice(1).forEach((mips, index) => {
      const at = column >> (index + 1);
      mips.numColumns = Math.max(mips.numColumns, at + 1);
      this.#halveColumns(this.#byColumns[index] as Mips, mips, at);
    });
  }

  /** The shades whose cells are the worst of 2^k rows and 2^c columns, both as large as there are. */
  level(
    rowHalvings: number,
    columnHalvings: number,
  ): { cells: Uint8Array; height: number; rows: number; columns: number } {
    const rows = Math.min(rowHalvings, this.#heights.length - 1);
    const columns = Math.min(columnHalvings, Math.max(0, Math.ceil(Math.log2(Math.max(1, this.numColumns)))));
    while (this.#byColumns.length <= columns) this.#addColumnHalving();
    const mips = this.#byColumns[columns] as Mips;
    return { cells: mips.levels[rows] as Uint8Array, height: this.#heights[rows] as number, rows, columns };
  }

  #addColumnHalving(): void {
    const finer = this.#byColumns.at(-1) as Mips;
    const width = Math.ceil(this.#capacity / 2 ** this.#byColumns.length) + 1;
    const mips: Mips = {
      levels: this.#heights.map((height) => new Uint8Array(height * width)),
      numColumns: Math.ceil(finer.numColumns / 2),
    };
    for (let at = 0; at < mips.numColumns; at++) this.#halveColumns(finer, mips, at);
    this.#byColumns.push(mips);
  }

  #halveRows({ levels }: Mips, column: number): void {
    for (let level = 1; level < levels.length; level++) {
      const fine = levels[level - 1] as Uint8Array;
      const coarse = levels[level] as Uint8Array;
      const fineHeight = this.#heights[level - 1] as number;
      const height = this.#heights[level] as number;
      const from = column * fineHeight;
      const to = column * height;
      const pairs = fineHeight >> 1;
      for (let row = 0; row < pairs; row++) {
        const a = fine[from + 2 * row] as number;
        const b = fine[from + 2 * row + 1] as number;
        coarse[to + row] = a > b ? a : b;
      }
      // The last of an odd number has no other half.
      if (pairs < height) coarse[to + pairs] = fine[from + 2 * pairs] as number;
    }
  }

  #halveColumns(finer: Mips, coarser: Mips, at: number): void {
    this.#heights.forEach((height, level) => {
      const fine = finer.levels[level] as Uint8Array;
      const coarse = coarser.levels[level] as Uint8Array;
      const left = 2 * at * height;
      const right = 2 * at + 1 < finer.numColumns ? left + height : -1;
      for (let row = 0; row < height; row++) {
        const a = fine[left + row] as number;
        const b = right < 0 ? 0 : (fine[right + row] as number);
        coarse[at * height + row] = a > b ? a : b;
      }
    });
  }

  #grow(least: number): void {
    this.#capacity = Math.max(least, 2 * this.#capacity);
    this.#byColumns.length = 1;
    const base = this.#base;
    base.levels.forEach((old, level) => {
      const larger = new Uint8Array((this.#heights[level] as number) * this.#capacity);
      larger.set(old);
      base.levels[level] = larger;
    });
  }
}

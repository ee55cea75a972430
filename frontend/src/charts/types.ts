/** One line: a value for each x, `null` or non-finite where there is none. */
export interface Line {
  readonly key: string;
  readonly label: string;
  /** Name of a CSS colour token. */
  readonly token: string;
  readonly axis: 'left' | 'right';
  readonly values: readonly (number | null)[];
  readonly format: (value: number) => string;
  /** Short form, for the axis. */
  readonly formatTick: (value: number) => string;
  /** The axis spans at least this, such as 0 to 1 for a share. */
  readonly span?: readonly [number, number];
  /** An edge bounds a band and has no stroke; a thin line stands beside another. Neither is counted as a point. */
  readonly look?: 'line' | 'thin' | 'edge';
}

/** What lies between two lines, by their keys. */
export interface Band {
  readonly upper: string;
  readonly lower: string;
  readonly token: string;
}

/** Something that happened at an x, drawn along the foot of the chart. */
export interface ChartMark {
  readonly x: number;
  readonly kind: 'not_finite' | 'failed' | 'stopped' | 'checkpoint';
  readonly text: string;
}

/** How the numbers of x are written and divided. */
export type XKind = 'count' | 'time' | 'bytes';

/** What a value axis spans: as much as tells most, from zero on, only the values, or their logarithms. */
export type YMode = 'auto' | 'zero' | 'fit' | 'log';

/** What is known at one x. */
export interface Tip {
  readonly title: string;
  readonly rows: readonly { readonly label: string; readonly token: string; readonly text: string }[];
  readonly notes: readonly string[];
}

export interface Range {
  readonly min: number;
  readonly max: number;
}

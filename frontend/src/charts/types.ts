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
}

export interface Range {
  readonly min: number;
  readonly max: number;
}

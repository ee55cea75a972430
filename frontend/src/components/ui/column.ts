import type { ReactNode } from 'react';

export interface Column<T> {
  readonly key: string;
  readonly name: ReactNode;
  /** `end` for numbers, so that their digits stand below each other. */
  readonly align?: 'start' | 'end';
  /** For the head and every cell: a width, or from which width of the screen on it is shown. */
  readonly className?: string;
  readonly cell: (row: T) => ReactNode;
  /** What rows are sorted by when this column's head is pressed. */
  readonly sortBy?: (row: T) => string | number | null;
}

export interface Sort {
  readonly key: string;
  readonly isDescending: boolean;
}

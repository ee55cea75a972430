import type { ReactNode } from 'react';
import { classes } from '../../lib/classes.ts';

interface DetailsProps {
  /** On a page rather than in a drawer: more of them in a row. */
  readonly isRoomy?: boolean;
  readonly children: ReactNode;
}

/** Names and their values, side by side. */
export function Details({ isRoomy = false, children }: DetailsProps) {
  return (
    <dl
      className={classes(
        'grid grid-cols-2 gap-x-4 gap-y-3 sm:grid-cols-3',
        isRoomy && 'lg:grid-cols-[repeat(auto-fill,minmax(124px,1fr))]',
      )}
    >
      {children}
    </dl>
  );
}

interface DetailProps {
  readonly name: string;
  readonly isWide?: boolean;
  readonly children: ReactNode;
}

export function Detail({ name, isWide = false, children }: DetailProps) {
  return (
    <div className={classes('min-w-0', isWide && 'col-span-full')}>
      <dt className="truncate text-2xs text-muted">{name}</dt>
      <dd className="text-sm break-words text-text">{children}</dd>
    </div>
  );
}

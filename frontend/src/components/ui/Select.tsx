import { ChevronDown } from 'lucide-react';
import type { ComponentProps } from 'react';
import { classes } from '../../lib/classes.ts';

/** The browser's own select, in our clothes: it works with every keyboard, screen reader and phone. */
export function Select({ className, children, ...rest }: ComponentProps<'select'>) {
  return (
    <span className={classes('relative inline-flex', className)}>
      <select
        className="h-7 w-full appearance-none rounded-control border border-line bg-panel pr-6 pl-2.5 text-xs text-soft hover:bg-raised hover:text-text"
        {...rest}
      >
        {children}
      </select>
      <ChevronDown aria-hidden size={12} className="pointer-events-none absolute top-2 right-2 text-muted" />
    </span>
  );
}

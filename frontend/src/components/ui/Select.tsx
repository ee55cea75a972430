import { ChevronDown } from 'lucide-react';
import type { ComponentProps } from 'react';
import { classes } from '../../lib/classes.ts';

interface SelectProps extends Omit<ComponentProps<'select'>, 'size'> {
  /** `medium` stands beside fields. */
  readonly size?: 'small' | 'medium';
}

/** The browser's own select, in our clothes: it works with every keyboard, screen reader and phone. */
export function Select({ size = 'small', className, children, ...rest }: SelectProps) {
  return (
    <span className={classes('relative inline-flex', className)}>
      <select
        className={classes(
          'w-full appearance-none truncate rounded-control border bg-panel pr-6 pl-2.5 text-soft hover:bg-raised hover:text-text',
          size === 'small' ? 'h-7 border-line text-xs' : 'h-8 border-edge text-sm',
        )}
        {...rest}
      >
        {children}
      </select>
      <ChevronDown
        aria-hidden
        size={12}
        className="pointer-events-none absolute top-1/2 right-2 -translate-y-1/2 text-muted"
      />
    </span>
  );
}

import type { ComponentProps } from 'react';
import { classes } from '../../lib/classes.ts';

const looks = {
  plain: 'border border-line bg-panel text-soft hover:bg-raised hover:text-text',
  primary: 'bg-accent font-medium text-on-accent hover:opacity-90',
  danger: 'border border-line bg-panel text-failed hover:border-failed hover:bg-raised',
  quiet: 'text-muted hover:bg-raised hover:text-text',
} as const;

const sizes = {
  small: 'h-7 px-2.5 text-xs',
  medium: 'h-8 px-3 text-sm',
  large: 'h-10 px-4 text-base',
  icon: 'size-8 shrink-0',
  smallIcon: 'size-7 shrink-0',
  tinyIcon: 'size-6 shrink-0',
} as const;

interface ButtonProps extends ComponentProps<'button'> {
  readonly look?: keyof typeof looks;
  readonly size?: keyof typeof sizes;
}

export function Button({ look = 'plain', size = 'medium', className, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className={classes(
        'inline-flex items-center justify-center gap-1.5 whitespace-nowrap rounded-control transition-colors',
        'aria-pressed:border-accent aria-pressed:text-accent disabled:cursor-not-allowed disabled:opacity-60',
        looks[look],
        sizes[size],
        className,
      )}
      {...rest}
    />
  );
}

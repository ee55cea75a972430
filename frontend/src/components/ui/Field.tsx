import { type ComponentProps, useId } from 'react';
import { classes } from '../../lib/classes.ts';

interface FieldProps extends Omit<ComponentProps<'input'>, 'size'> {
  readonly label: string;
  /** `small` stands beside buttons. */
  readonly size?: 'small' | 'large';
}

export function Field({ label, size = 'large', className, ...rest }: FieldProps) {
  const id = useId();
  return (
    <div className={classes('flex flex-col gap-1.5', className)}>
      <label htmlFor={id} className="text-xs font-medium text-soft">
        {label}
      </label>
      <input
        id={id}
        className={classes(
          'w-full rounded-control border border-edge bg-panel text-text placeholder:text-faint',
          size === 'small' ? 'h-8 px-2.5 text-sm' : 'h-10 px-3 text-base',
        )}
        {...rest}
      />
    </div>
  );
}

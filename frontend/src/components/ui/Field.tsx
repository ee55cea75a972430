import { type ComponentProps, useId } from 'react';
import { classes } from '../../lib/classes.ts';

interface FieldProps extends ComponentProps<'input'> {
  readonly label: string;
}

export function Field({ label, className, ...rest }: FieldProps) {
  const id = useId();
  return (
    <div className={classes('flex flex-col gap-1.5', className)}>
      <label htmlFor={id} className="text-xs font-medium text-soft">
        {label}
      </label>
      <input
        id={id}
        className="h-10 rounded-control border border-edge bg-panel px-3 text-base text-text placeholder:text-faint"
        {...rest}
      />
    </div>
  );
}

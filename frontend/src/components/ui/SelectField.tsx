import { type ComponentProps, useId } from 'react';
import { Select } from './Select.tsx';

interface SelectFieldProps extends ComponentProps<typeof Select> {
  readonly label: string;
}

/** A select with its label above it, to stand beside fields. */
export function SelectField({ label, ...rest }: SelectFieldProps) {
  const id = useId();
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="text-xs font-medium text-soft">
        {label}
      </label>
      <Select id={id} size="medium" {...rest} />
    </div>
  );
}

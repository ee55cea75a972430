import type { ComponentProps, ReactNode } from 'react';

interface ChoiceProps extends Omit<ComponentProps<'input'>, 'type'> {
  readonly type: 'radio' | 'checkbox';
  readonly label: ReactNode;
  /** What choosing it means. */
  readonly hint?: ReactNode;
}

/** One of several things to choose, with what it means. */
export function Choice({ label, hint, ...rest }: ChoiceProps) {
  return (
    <label className="flex items-start gap-2 text-sm">
      <input className="mt-[3px] size-3.5 shrink-0 accent-accent" {...rest} />
      <span className="min-w-0">
        {label}
        {hint !== undefined && <span className="block text-xs text-muted">{hint}</span>}
      </span>
    </label>
  );
}

import { type ComponentProps, useId } from 'react';

interface TextAreaProps extends ComponentProps<'textarea'> {
  readonly label: string;
}

/** A field of several lines. */
export function TextArea({ label, ...rest }: TextAreaProps) {
  const id = useId();
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="text-xs font-medium text-soft">
        {label}
      </label>
      <textarea
        id={id}
        className="resize-y rounded-control border border-edge bg-panel px-3 py-2 text-base text-text placeholder:text-faint"
        {...rest}
      />
    </div>
  );
}

import { type ReactNode, useId } from 'react';

interface SectionProps {
  readonly title: ReactNode;
  readonly note?: ReactNode;
  readonly children: ReactNode;
}

/** A part of a drawer or a dialog. */
export function Section({ title, note, children }: SectionProps) {
  const id = useId();
  return (
    <section aria-labelledby={id}>
      <div className="mb-2 flex flex-wrap items-center justify-between gap-x-3 gap-y-1">
        <h3 id={id} className="text-xs font-medium text-muted">
          {title}
        </h3>
        {note !== undefined && <div className="text-xs text-muted">{note}</div>}
      </div>
      {children}
    </section>
  );
}

import type { ReactNode } from 'react';

/** What is missing, and the next step. */
export function EmptyState({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-1 px-4 py-6 text-center">
      <p className="text-sm font-medium text-soft">{title}</p>
      {children !== undefined && (
        <div className="max-w-[46ch] text-xs leading-5 text-balance text-muted">{children}</div>
      )}
    </div>
  );
}

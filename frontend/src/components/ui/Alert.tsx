import { CircleAlert } from 'lucide-react';
import type { ReactNode } from 'react';

export function Alert({ children }: { readonly children: ReactNode }) {
  return (
    <div role="alert" className="flex gap-2 rounded-control border border-failed/50 px-3 py-2 text-sm text-failed">
      <CircleAlert aria-hidden size={16} className="mt-0.5 shrink-0" />
      <div className="min-w-0 break-words">{children}</div>
    </div>
  );
}

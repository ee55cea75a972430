import { ChevronLeft, ChevronRight } from 'lucide-react';
import { formatCount } from '../../lib/format.ts';
import { Button } from './Button.tsx';

interface PagerProps {
  readonly label: string;
  readonly total: number;
  readonly limit: number;
  readonly offset: number;
  readonly onOffset: (offset: number) => void;
}

/** Which part of a long list is shown, and the way to the next. */
export function Pager({ label, total, limit, offset, onOffset }: PagerProps) {
  if (total <= limit && offset === 0) return null;
  const last = Math.min(total, offset + limit);
  return (
    <nav aria-label={label} className="mt-3 flex items-center justify-end gap-2 text-xs text-muted">
      <span aria-live="polite">
        {formatCount(Math.min(total, offset + 1))}–{formatCount(last)} of {formatCount(total)}
      </span>
      <Button
        size="smallIcon"
        aria-label="Newer"
        disabled={offset === 0}
        onClick={() => onOffset(Math.max(0, offset - limit))}
      >
        <ChevronLeft aria-hidden size={14} />
      </Button>
      <Button size="smallIcon" aria-label="Older" disabled={last >= total} onClick={() => onOffset(offset + limit)}>
        <ChevronRight aria-hidden size={14} />
      </Button>
    </nav>
  );
}

import type { LogEntry, LogLevel } from '@rondo/protocol';
import { useVirtualizer } from '@tanstack/react-virtual';
import { Bug, CircleAlert, Info, type LucideIcon, OctagonAlert, TriangleAlert } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { classes } from '../../lib/classes.ts';
import { formatMomentToSecond, formatTimeOfDay } from '../../lib/format.ts';
import { stripAnsi } from '../../lib/log-filter.ts';

const looks: Record<LogLevel, { readonly Icon: LucideIcon; readonly text: string }> = {
  debug: { Icon: Bug, text: 'text-faint' },
  info: { Icon: Info, text: 'text-muted' },
  warning: { Icon: TriangleAlert, text: 'text-no-reply' },
  error: { Icon: CircleAlert, text: 'text-failed' },
  critical: { Icon: OctagonAlert, text: 'text-failed font-semibold' },
};

interface LogLinesProps {
  /** Oldest first. */
  readonly entries: readonly LogEntry[];
  readonly isFollowing: boolean;
  readonly onScrollUp: () => void;
}

/** Lines of any height, of which only those in view exist. */
export function LogLines({ entries, isFollowing, onScrollUp }: LogLinesProps) {
  const scroller = useRef<HTMLElement>(null);
  const virtual = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 28,
    overscan: 12,
    getItemKey: (index) => (entries[index] as LogEntry).log_id,
    initialRect: { width: 0, height: 560 },
  });
  const last = entries.length - 1;
  const lastId = entries[last]?.log_id;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new line is what is followed.
  useEffect(() => {
    if (isFollowing) virtual.scrollToIndex(last, { align: 'end' });
  }, [isFollowing, lastId, virtual, last]);
  return (
    <section
      ref={scroller}
      aria-label="Log lines, scrolls"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: an area that scrolls must be reachable by keyboard.
      tabIndex={0}
      onWheel={({ deltaY }) => deltaY < 0 && onScrollUp()}
      onKeyDown={({ key }) => ['ArrowUp', 'PageUp', 'Home'].includes(key) && onScrollUp()}
      className="relative max-h-[max(360px,calc(100dvh-236px))] overflow-auto overscroll-contain rounded-control border border-line bg-ground"
      style={{ height: virtual.getTotalSize() + 2 }}
    >
      <ol aria-label="Log" className="relative" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => (
          <li
            key={item.key}
            ref={virtual.measureElement}
            data-index={item.index}
            aria-posinset={item.index + 1}
            aria-setsize={entries.length}
            className="absolute inset-x-0 top-0"
            style={{ transform: `translateY(${item.start}px)` }}
          >
            <Line entry={entries[item.index] as LogEntry} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function Line({ entry: { at, level, client_id, message } }: { readonly entry: LogEntry }) {
  const { Icon, text } = looks[level];
  return (
    <div className="flex flex-wrap gap-x-3 border-b border-line px-3 py-1 font-mono text-xs leading-5 sm:flex-nowrap">
      <time dateTime={at} title={formatMomentToSecond(at)} className="shrink-0 text-muted">
        {formatTimeOfDay(at)}
      </time>
      <span className={classes('flex w-20 shrink-0 items-center gap-1.5 self-start leading-5', text)}>
        <Icon aria-hidden size={12} className="shrink-0" />
        {level}
      </span>
      {client_id !== null && (
        <bdi title={client_id} className="max-w-40 shrink-0 truncate text-accent">
          {client_id}
        </bdi>
      )}
      {/* Tracebacks keep their line breaks and their indentation. [B20] */}
      <pre
        dir="auto"
        className="min-w-0 flex-1 basis-full font-mono break-words whitespace-pre-wrap text-soft sm:basis-0"
      >
        {stripAnsi(message)}
      </pre>
    </div>
  );
}

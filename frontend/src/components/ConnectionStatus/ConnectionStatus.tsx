import { type LinkFace, useLinkFace } from '../../hooks/useLinkFace.ts';
import { classes } from '../../lib/classes.ts';
import { describeLink } from './describe-link.ts';

const dots: Record<LinkFace['face'], string> = {
  live: 'bg-returned',
  polling: 'bg-no-reply',
  stale: 'bg-failed',
  waiting: 'bg-no-reply',
  connecting: 'bg-waiting',
  unauthorized: 'bg-failed',
  missing: 'bg-waiting',
};

/** Is what I see true? The state of the link and the age of the data, always on screen. */
export function ConnectionStatus() {
  const link = useLinkFace();
  const { state, detail } = describeLink(link);
  return (
    <div
      className="flex items-center gap-2 whitespace-nowrap text-xs text-soft"
      data-testid="connection-status"
      data-state={link.face}
    >
      <span aria-hidden className="relative flex size-2.5 items-center justify-center">
        {link.face === 'live' && (
          <span
            className={classes('absolute -inset-1 animate-[heartbeat_2s_infinite] rounded-full opacity-25', dots.live)}
          />
        )}
        <span className={classes('size-2', dots[link.face], link.face === 'live' ? 'rounded-full' : 'rounded-xs')} />
      </span>
      {/* Only the state is announced: an age that ticks would never stop talking. */}
      <span aria-live="polite" className={classes(link.face !== 'live' && 'font-medium text-text')}>
        {state}
      </span>
      {detail !== '' && <span className="min-w-16 text-muted">· {detail}</span>}
    </div>
  );
}

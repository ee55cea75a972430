import { type Account, accountOf, type Round } from '@rondo/protocol';
import { classes } from '../../lib/classes.ts';

const accountParts = [
  { key: 'complete', label: 'returned', fill: 'bg-returned' },
  { key: 'failed', label: 'failed', fill: 'bg-failed' },
  { key: 'no_reply', label: 'no reply', fill: 'bg-no-reply-striped' },
  { key: 'unreported', label: 'not reported by the FL server', fill: 'bg-unreported' },
  { key: 'pending', label: 'waiting', fill: 'bg-waiting' },
] as const;

/** The parts that a legend shows: one that most rounds never have is left out while it is empty. */
export const shownParts = (account: Account) =>
  accountParts.filter(({ key }) => key !== 'unreported' || account.unreported > 0);

interface AccountBarProps {
  readonly round: Round;
  readonly className?: string;
  /** In a row of a table, where stripes would be as wide as the part. */
  readonly isSmall?: boolean;
}

/** The round's account as one bar: its parts always sum to "selected". */
export function AccountBar({ round, className, isSmall = false }: AccountBarProps) {
  const account = accountOf(round);
  return (
    <div aria-hidden className={classes('flex gap-0.5 overflow-hidden rounded-full bg-raised', className)}>
      {accountParts.map(({ key, fill }) =>
        account[key] > 0 ? (
          <div
            key={key}
            className={classes(
              'min-w-0.5 transition-[flex-grow] duration-300',
              isSmall && key === 'no_reply' ? 'bg-no-reply' : fill,
            )}
            style={{ flexGrow: account[key], flexBasis: 0 }}
          />
        ) : null,
      )}
    </div>
  );
}

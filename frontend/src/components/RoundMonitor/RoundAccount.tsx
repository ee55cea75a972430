import { accountOf, awaitedClientsOf, isRoundOver, type Round } from '@rondo/protocol';
import { useFLData, useSlowFLData } from '../../hooks/useFLData.ts';
import { classes } from '../../lib/classes.ts';
import { formatCount, plural } from '../../lib/format.ts';
import { AccountBar, shownParts } from '../ui/AccountBar.tsx';

/** Sorting those awaited costs too much for every frame when there are thousands. */
const awaitedEveryMs = 500;

interface RoundAccountProps {
  readonly round: Round;
  readonly isRunOver: boolean;
}

export function RoundAccount({ round, isRunOver }: RoundAccountProps) {
  const account = accountOf(round);
  const done = account.selected - account.pending;
  return (
    <>
      <div
        role="progressbar"
        aria-label={`Round ${round.round}: clients that are done`}
        aria-valuemin={0}
        aria-valuemax={account.selected}
        aria-valuenow={done}
        aria-valuetext={`${done} of ${account.selected} done: ${shownParts(account)
          .map(({ key, label }) => `${account[key]} ${label}`)
          .join(', ')}`}
        data-testid="round-progress"
        className="mt-4"
      >
        <AccountBar round={round} className="h-2.5" />
      </div>
      <div className="mt-3 flex flex-wrap items-center justify-between gap-x-6 gap-y-2 text-xs">
        <ul className="flex flex-wrap gap-x-4 gap-y-1">
          {shownParts(account).map(({ key, label, fill }) => (
            <li key={key} className="flex items-center gap-2 whitespace-nowrap text-soft">
              <span aria-hidden className={classes('size-2.5 rounded-xs', fill)} />
              {formatCount(account[key])} {isRunOver && key === 'pending' ? 'never returned' : label}
            </li>
          ))}
        </ul>
        <p className="text-muted">
          {formatCount(account.selected)} selected
          {!isRunOver && !isRoundOver(round) && account.pending > 0 && (
            <Awaited round={round.round} pending={account.pending} />
          )}
        </p>
      </div>
    </>
  );
}

const named = 2;
/** Looked up seldom, so that those that have answered meanwhile can be passed over. */
const lookedUp = 20;

const isSame = (a: readonly string[], b: readonly string[]): boolean => a.join() === b.join();

/** Two of those awaited, by the state on screen: only their order may be older. */
function Awaited({ round, pending }: { readonly round: number; readonly pending: number }) {
  const longest = useSlowFLData<readonly string[]>(
    ({ viewer }) =>
      awaitedClientsOf(viewer, round)
        .slice(0, lookedUp)
        .map(({ client_id }) => client_id),
    awaitedEveryMs,
    isSame,
    [round],
  );
  const clients = useFLData(({ viewer }) => viewer.clients);
  const names = longest.filter((id) => clients[id]?.round_outcome === 'pending').slice(0, named);
  const more = Math.max(0, pending - names.length);
  if (names.length === 0) return null;
  return (
    <>
      {' · waiting on '}
      {names.map((name, index) => (
        <span key={name}>
          {index > 0 && (more > 0 ? ', ' : ' and ')}
          <bdi className="font-semibold break-all text-text">{name}</bdi>
        </span>
      ))}
      {more > 0 && ` and ${plural(more, 'more', 'more')}`}
    </>
  );
}

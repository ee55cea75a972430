import { type CommandName, isRoundOver, type Round, type Run, type Stop } from '@rondo/protocol';

export type StopScope = 'round' | 'run';

export interface StopChoice {
  readonly scope: StopScope;
  /** What it is called on a button: "round 14", "the run". */
  readonly name: string;
  /** Why it cannot be asked for now; `null` when it can. */
  readonly whyNot: string | null;
}

export const isStopOpen = (stop: Stop | null): boolean => stop?.state === 'requested' || stop?.state === 'delivered';

/** What may be asked of the FL server now. It declares by itself what it can do; nothing else is ever offered. */
export function stopChoices(round: Round, run: Run): readonly StopChoice[] {
  const name = `round ${round.round}`;
  return [
    {
      scope: 'round',
      name,
      whyNot:
        undeclared(run, 'stop_round', 'close a single round early') ??
        (isStopOpen(round.stop) ? `Stopping ${name} has been asked for already.` : null) ??
        (isRoundOver(round) ? `Round ${round.round} is over (${round.status}).` : null),
    },
    {
      scope: 'run',
      name: 'the run',
      whyNot:
        undeclared(run, 'stop_run', 'end the whole run') ??
        (isStopOpen(run.stop) ? 'Stopping the run has been asked for already.' : null) ??
        (run.stop?.state === 'applied' ? 'The FL server is ending the run.' : null),
    },
  ];
}

function undeclared({ framework, commands_supported }: Run, command: CommandName, what: string): string | null {
  if (commands_supported.includes(command)) return null;
  return `The FL server${framework === null ? '' : ` (${framework})`} has not declared that it can ${what} (${command}).`;
}

/** While a stop is under way and no other can be asked for, there is nothing to press. */
export function isStopWorthAsking(round: Round, run: Run): boolean {
  if (run.status !== 'running' || isStopOpen(run.stop)) return false;
  return !isStopOpen(round.stop) || stopChoices(round, run).some(({ whyNot }) => whyNot === null);
}

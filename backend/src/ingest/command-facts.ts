import type { FactOf, RunCondition, Stop } from '@rondo/protocol';
import { conditionOf } from '../insight/condition.ts';
import type { Draft } from './draft.ts';
import type { Answer, CommandRow, Notice, RoundRow } from './state.ts';

/*
 *   requested ──▶ delivered ──▶ applied | rejected              reported by the FL server: its first reply stays
 *        └────────────┴───────▶ applied | rejected | expired    concluded here, until the FL server replies
 */

export const isOpen = <S extends Pick<Stop, 'state'>>(
  stop: S | null,
): stop is S & { readonly state: 'requested' | 'delivered' } =>
  stop?.state === 'requested' || stop?.state === 'delivered';

/** Stored once while it is open, however often and by however many users it is requested. [C1] */
export function askStop(draft: Draft, notice: Extract<Notice, { type: 'stop_requested' }>): boolean {
  const { type, at, record, ...asked } = notice;
  const target = asked.round === null ? draft.run : draft.round(asked.round);
  if (!target || target.completed_at !== null || isOpen(target.stop)) return false;
  const command: CommandRow = {
    ...asked,
    command: asked.round === null ? 'stop_run' : 'stop_round',
    state: 'requested',
    requested_at: at,
    delivered_at: null,
    delivered_by: null,
    ended_at: null,
    ended_by: null,
    detail: unheard(conditionOf(draft.wholeRun, at)),
  };
  draft.setCommand(command);
  show(draft, command);
  return true;
}

/** A stop of a run that is silent waits for a reporter that may never return. */
const unheard = ({ state, detail }: RunCondition): string | null =>
  state === 'silent' ? `no reporter can receive it: ${detail}; an admin can end the run by hand` : null;

/** The FL server's reply to a command; returns the command if the reply is new. [C3] [C6] */
export function answerCommand(draft: Draft, answer: Answer): CommandRow | null {
  const command = draft.command(answer.command_id);
  if (!command || command.ended_by !== null) return null;
  const at = answer.at > command.requested_at ? answer.at : command.requested_at;
  const by = answer.reporter_id ?? 'unknown';
  if (answer.state === 'delivered') {
    if (command.delivered_at !== null) return null;
    const state = command.state === 'requested' ? 'delivered' : command.state;
    return move(draft, { ...command, state, delivered_at: at, delivered_by: by, detail: openDetail(command) });
  }
  const isConfirmed = command.state === answer.state;
  const why = isConfirmed ? command.detail : command.state === 'expired' ? 'answered after it had expired' : null;
  const ended_at = isConfirmed ? command.ended_at : at;
  return move(draft, { ...command, state: answer.state, ended_at, ended_by: by, detail: answer.detail ?? why });
}

/** Delivery proves that a reporter is connected. */
const openDetail = (command: CommandRow): string | null => (isOpen(command) ? null : command.detail);

/** No reply arrived in time, by the server's clock. [C4] */
export function expireCommand(draft: Draft, { command_id, at }: Extract<Notice, { type: 'command_expired' }>): boolean {
  const command = draft.command(command_id);
  if (!command || !isOpen(command) || command.expires_at > at) return false;
  const seconds = Math.round((Date.parse(command.expires_at) - Date.parse(command.requested_at)) / 1_000);
  const missing = command.state === 'requested' ? 'take' : 'confirm';
  move(draft, {
    ...command,
    state: 'expired',
    ended_at: at,
    detail: `the FL server did not ${missing} it within ${seconds} s`,
  });
  return true;
}

/** The command's target has ended: `stopped` applies the command, any other end came first. [C5] */
export function concludeStop(draft: Draft, stop: Stop | null, end: FactOf<'run_complete'>['status'], at: string): void {
  const command = isOpen(stop) && draft.command(stop.command_id);
  if (!command) return;
  const what = command.round === null ? 'run' : 'round';
  const ended_at = at > command.requested_at ? at : command.requested_at;
  if (end === 'stopped') move(draft, { ...command, state: 'applied', ended_at, detail: null });
  else {
    const detail = `the ${what} ${end === 'complete' ? 'completed' : 'failed'} before it could be stopped`;
    move(draft, { ...command, state: 'rejected', ended_at, detail });
  }
}

function move(draft: Draft, command: CommandRow): CommandRow {
  draft.setCommand(command);
  const target = command.round === null ? draft.run : draft.round(command.round);
  // A newer request may have taken its place.
  if (target?.stop?.command_id === command.command_id) show(draft, command);
  return command;
}

function show(draft: Draft, command: CommandRow): void {
  const stop = toStop(command);
  if (command.round === null) draft.setRun({ stop });
  const round = command.round !== null && draft.round(command.round);
  if (round) draft.setRound({ ...round, stop, ...request(stop) });
}

/** A command that was rejected or expired is no longer requested. */
const request = (stop: Stop): Pick<RoundRow, 'stop_requested_at' | 'stop_reason'> =>
  isOpen(stop) || stop.state === 'applied'
    ? { stop_requested_at: stop.requested_at, stop_reason: stop.reason }
    : { stop_requested_at: null, stop_reason: null };

function toStop({ run_id, round, delivered_by, ended_by, ...stop }: CommandRow): Stop {
  return stop;
}

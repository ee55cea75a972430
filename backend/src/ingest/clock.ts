import type { Draft } from './draft.ts';
import type { Origin } from './reduce.ts';
import { newReporter } from './run-facts.ts';
import type { Input } from './state.ts';

// Lines and clocks of healthy machines differ by less.
const toleratedMs = 2_000;

/**
 * The input with its moments as the server's clock would have had them, and none later than its reception. [T1] [T2]
 *
 * A reporter's offset stays while new ones are close to it: a fact that is sent twice must not get two moments.
 */
export function onOurClock(draft: Draft, input: Input, origin: Origin | undefined, receivedAt: string): Input {
  if (!origin) return input;
  const offset = offsetOf(draft, origin);
  const deadline = 'deadline' in input && input.deadline ? shifted(input.deadline, offset) : undefined;
  const at = 'at' in input ? noLater(shifted(input.at, offset), receivedAt) : undefined;
  if (at === undefined || (at === ('at' in input && input.at) && (deadline === undefined || offset === 0)))
    return input;
  return { ...input, at, ...(deadline && { deadline }) } as Input;
}

/** How far ahead the reporter's clock is; notes a new one with the reporter and the run. */
function offsetOf(draft: Draft, { reporter_id, offset_ms }: Origin): number {
  const known = draft.reporterRow(reporter_id);
  if (offset_ms === null) return known?.clock_offset_ms ?? 0;
  const near = (known ? [known] : draft.reporters()).find(
    (one) => Math.abs(one.clock_offset_ms - offset_ms) <= toleratedMs,
  );
  const offset = near?.clock_offset_ms ?? (Math.abs(offset_ms) > toleratedMs ? Math.round(offset_ms) : 0);
  if (!known || known.clock_offset_ms !== offset)
    draft.setReporter({ ...(known ?? newReporter(draft.run.run_id, reporter_id)), clock_offset_ms: offset });
  if (draft.run.clock_offset_ms !== offset) draft.setRun({ clock_offset_ms: offset });
  return offset;
}

/** As `onOurClock`, before anything is known of the reporter. */
export const onBatchClock = (moment: string, origin: Origin | undefined): string =>
  shifted(moment, Math.abs(origin?.offset_ms ?? 0) > toleratedMs ? Math.round(origin?.offset_ms ?? 0) : 0);

const shifted = (moment: string, offset: number): string =>
  offset === 0 ? moment : new Date(Math.max(0, Date.parse(moment) - offset)).toISOString();

const noLater = (moment: string, than: string): string => (moment > than ? than : moment);

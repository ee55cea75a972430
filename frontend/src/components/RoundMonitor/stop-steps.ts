import type { CommandState, Stop } from '@rondo/protocol';

export interface StopStep {
  readonly name: CommandState;
  /** `null` while it has not come yet. */
  readonly at: string | null;
  readonly by: string | null;
}

/**
 *   requested ──▶ delivered ──▶ applied
 *       └──────────────┴──────▶ rejected · expired
 *
 * The way of one stop so far, and the one step that it waits for.
 */
export function stopSteps({ state, requested_by, requested_at, delivered_at, ended_at }: Stop): readonly StopStep[] {
  const isOver = state !== 'requested' && state !== 'delivered';
  const requested: StopStep = { name: 'requested', at: requested_at, by: requested_by };
  const delivered: StopStep = { name: 'delivered', at: delivered_at, by: delivered_at && 'the FL server' };
  if (!isOver)
    return [requested, delivered, ...(delivered_at ? [{ name: 'applied', at: null, by: null } as const] : [])];
  const end: StopStep = { name: state, at: ended_at, by: null };
  // A stop may end without ever having been delivered.
  return delivered_at === null ? [requested, end] : [requested, delivered, end];
}

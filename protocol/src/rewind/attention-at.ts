import type { Round } from '../entities.ts';
import type { AttentionItem, AttentionNews } from '../http/attention.ts';
import type { AttentionEpisode } from '../http/timeline.ts';
import { limits } from '../limits.ts';
import { isRoundOver } from '../selectors.ts';
import type { ViewerState } from '../viewer-state.ts';

/** So many clients with one finding are one item, as in the present list. [G4] */
const leastGrouped = 4;

/** The attention list as it was when the newest of these rounds that is over had ended. */
export function attentionAt(
  episodes: readonly AttentionEpisode[],
  run_id: ViewerState['run_id'],
  rounds: readonly Round[],
): AttentionNews | null {
  const last = rounds.findLast(isRoundOver)?.round;
  if (run_id === null) return null;
  const listed = last === undefined ? [] : episodes.flatMap((episode) => itemAt(episode, last) ?? []);
  const items = groupInfo(listed).sort((a, b) => ranks[a.severity] - ranks[b.severity]);
  return {
    run_id: run_id as AttentionNews['run_id'],
    items: items.slice(0, limits.attentionItems),
    total: items.length,
  };
}

const ranks = { critical: 0, warning: 1, info: 2 } as const;

function itemAt(
  { rule, client_id, since_round, steps, to_round }: AttentionEpisode,
  round: number,
): AttentionItem | null {
  if (to_round !== null && to_round <= round) return null;
  const step = steps.findLast((each) => each.round <= round);
  if (step === undefined) return null;
  return {
    rule,
    severity: step.severity,
    ...(client_id !== null && { client_id }),
    round: step.round,
    ...(since_round !== null && { since_round }),
    detail: step.detail,
    evidence: {},
  };
}

function groupInfo(items: readonly AttentionItem[]): AttentionItem[] {
  const byRule = new Map<string, AttentionItem[]>();
  for (const item of items) {
    if (item.severity !== 'info' || item.client_id === undefined) continue;
    byRule.set(item.rule, [...(byRule.get(item.rule) ?? []), item]);
  }
  const isAlone = ({ severity, rule }: AttentionItem) =>
    severity !== 'info' || (byRule.get(rule)?.length ?? 0) < leastGrouped;
  const groups = [...byRule.values()].filter((of) => of.length >= leastGrouped);
  return [...items.filter(isAlone), ...groups.map(together)];
}

function together(of: readonly AttentionItem[]): AttentionItem {
  const first = of[0] as AttentionItem;
  const ids = of.flatMap(({ client_id }) => client_id ?? []);
  const { client_id, ...shared } = first;
  return {
    ...shared,
    client_ids: ids.slice(0, limits.attentionItems),
    detail: `${of.length} clients, the first ${client_id}: ${first.detail}`,
  };
}

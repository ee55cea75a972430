import {
  type AttentionItem,
  type AttentionRule,
  attentionRules,
  type ClientId,
  limits,
  type MetricValue,
  type RunCondition,
  type Severity,
  toNumber,
} from '@rondo/protocol';
import type { MuteRow } from '../db/queries/insight.ts';
import { type Episode, lingersRounds } from './episodes.ts';
import { targetEpsilonOf } from './privacy-config.ts';
import type { RoundRow } from './rounds.ts';
import { severityOf, severityOfSign } from './severity.ts';
import type { Trouble } from './troubles.ts';

export function itemsOfEpisodes(episodes: Iterable<Episode>, ids: readonly ClientId[]): AttentionItem[] {
  const items: AttentionItem[] = [];
  for (const episode of episodes) {
    const client_id = ids[episode.client];
    if (client_id === undefined) continue;
    const { other_client, ...evidence } = episode.evidence;
    items.push({
      rule: episode.rule,
      severity: severityOfSign(episode),
      client_id,
      round: episode.last_round,
      since_round: episode.since_round,
      ...(episode.since !== null && { since: episode.since }),
      detail: episode.detail,
      evidence: {
        ...evidence,
        ...(typeof other_client === 'number' && { other_client: ids[other_client] ?? '' }),
        rounds: episode.count,
      },
    });
  }
  return items;
}

export interface RunFacts {
  readonly config: Record<string, unknown>;
  readonly isRunning: boolean;
  readonly condition: RunCondition | null;
  /** The newest rounds that are over, oldest first. */
  readonly closed: readonly RoundRow[];
  readonly epsilon: { readonly value: MetricValue; readonly round: number | null; readonly at: string } | null;
}

const conditionRules: Readonly<Record<string, AttentionRule>> = {
  silent: 'fl_server_silent',
  overdue: 'round_overdue',
  waiting_for_clients: 'waiting_for_clients',
};

/** Findings about the run itself: facts only. */
export function itemsOfRun({ config, isRunning, condition, closed, epsilon }: RunFacts): AttentionItem[] {
  const items: AttentionItem[] = [];
  const add = (rule: AttentionRule, fields: Omit<AttentionItem, 'rule' | 'severity'>) =>
    items.push({ rule, severity: severityOf[rule], ...fields });

  const rule = condition && conditionRules[condition.state];
  if (isRunning && condition && rule) {
    const detail = condition.detail ?? `the run is ${condition.state.replaceAll('_', ' ')}`;
    add(rule, { since: condition.since, detail, evidence: { state: condition.state } });
  }

  const last = closed.at(-1);
  // Clients of which nothing is reported may have succeeded, as under secure aggregation.
  const failing = trailing(
    closed,
    ({ num_clients_expected: expected, num_clients_failed, num_clients_no_reply }) =>
      expected > 0 && num_clients_failed + num_clients_no_reply === expected,
  );
  if (last && failing.length > 0) {
    add('all_clients_failed', {
      ...sinceOf(failing),
      round: last.round,
      detail: `no client completed round ${last.round}: ${last.num_clients_failed} failed, ${last.num_clients_no_reply} did not reply`,
      evidence: { rounds: failing.length, failed: last.num_clients_failed, no_reply: last.num_clients_no_reply },
    });
  }
  const failed = trailing(closed, ({ status }) => status === 'failed');
  if (last && failed.length > 0) {
    const detail = `round ${last.round} failed${last.reason ? `: ${last.reason}` : ''}`;
    add('round_failed', { ...sinceOf(failed), round: last.round, detail, evidence: { rounds: failed.length } });
  }
  const broken = closed.slice(-lingersRounds).filter(hasBrokenResult);
  const newest = broken.at(-1);
  if (newest) {
    add('result_not_finite', {
      ...sinceOf(broken),
      round: newest.round,
      detail: `the result of round ${newest.round} is NaN or infinite`,
      evidence: {
        ...(newest.global_loss !== null && { global_loss: newest.global_loss }),
        ...(newest.global_accuracy !== null && { global_accuracy: newest.global_accuracy }),
        rounds: broken.length,
      },
    });
  }
  const target = targetEpsilonOf(config);
  if (target !== null && epsilon) {
    const share = toNumber(epsilon.value) / target;
    if (share >= 0.8) {
      add(share >= 1 ? 'epsilon_over_target' : 'epsilon_near_target', {
        ...(epsilon.round !== null && { round: epsilon.round }),
        since: epsilon.at,
        detail: `ε is ${epsilon.value}, ${Math.floor(share * 100)} % of its target ${target}`,
        evidence: { epsilon: epsilon.value, target_epsilon: target, share_of_target: share },
      });
    }
  }
  return items;
}

/** Of every running run: the server stores nothing of them while it has one of these. */
export const itemsOfTroubles = (troubles: readonly Trouble[]): AttentionItem[] =>
  troubles.map(({ rule, ...trouble }) => ({ rule, severity: severityOf[rule], ...trouble }));

const hasBrokenResult = ({ global_loss, global_accuracy }: RoundRow): boolean =>
  typeof global_loss === 'string' || typeof global_accuracy === 'string';

function trailing(rows: readonly RoundRow[], holds: (row: RoundRow) => boolean): RoundRow[] {
  const from = rows.findLastIndex((row) => !holds(row)) + 1;
  return rows.slice(from);
}

function sinceOf([first]: readonly RoundRow[]): Pick<AttentionItem, 'since_round' | 'since'> {
  if (!first) return {};
  return { since_round: first.round, ...(first.completed_at !== null && { since: first.completed_at }) };
}

const severities: readonly Severity[] = ['critical', 'warning', 'info'];

/** Worst first: by severity, then facts before statistics, then the oldest. */
export function worstFirst(items: readonly AttentionItem[]): AttentionItem[] {
  const rank = ({ severity, rule, since_round = -1 }: AttentionItem) =>
    [severities.indexOf(severity), attentionRules.indexOf(rule), since_round] as const;
  return [...items].sort((a, b) => {
    const [x, y] = [rank(a), rank(b)];
    return x[0] - y[0] || x[1] - y[1] || x[2] - y[2] || ((a.client_id ?? '') < (b.client_id ?? '') ? -1 : 1);
  });
}

/** From so many clients on, one item represents all clients of a rule. */
const leastGrouped = 4;

/**
 * Merges the items of a rule that holds for many clients: a list of thirty stragglers hides the other items, and what
 * half of the clients have, such as NaN from a broken model, is one finding. A client with an item of its own at another
 * severity keeps it. [G4]
 */
function grouped(items: readonly AttentionItem[], numClients: number): AttentionItem[] {
  const ofClients = items.filter(({ client_id }) => client_id !== undefined);
  const many = [...Map.groupBy(ofClients, ({ rule, severity }) => `${rule} ${severity}`).values()].filter(
    (of) => of.length >= leastGrouped && (of[0]?.severity === 'info' || 2 * of.length >= numClients),
  );
  const merged = new Set(many.flat());
  return [...items.filter((item) => !merged.has(item)), ...many.map(together)];
}

function together(of: readonly AttentionItem[]): AttentionItem {
  const size = ({ evidence }: AttentionItem) =>
    Math.abs(Math.log(Math.abs(Number(evidence.ratio ?? evidence.cumulative_sum ?? evidence.z ?? 1)) || 1));
  const largest = [...of].sort((a, b) => size(b) - size(a));
  const [first] = largest as [AttentionItem];
  const since = [...of].sort((a, b) => (a.since_round ?? 0) - (b.since_round ?? 0))[0] as AttentionItem;
  return {
    rule: first.rule,
    severity: first.severity,
    client_ids: largest.slice(0, limits.attentionItems).flatMap(({ client_id }) => client_id ?? []),
    round: Math.max(...of.map(({ round }) => round ?? 0)),
    ...(since.since_round !== undefined && { since_round: since.since_round }),
    ...(since.since !== undefined && { since: since.since }),
    detail: `${of.length} clients, above all ${first.client_id}: ${first.detail}`,
    evidence: { ...first.evidence, clients: of.length },
  };
}

/** Takes out what is muted, and bounds what remains. Nothing is hidden: `total` and `muted_items` say what there is. */
export function applyMutes(
  items: readonly AttentionItem[],
  mutes: readonly Pick<MuteRow, 'client_id' | 'rule'>[],
  numClients: number,
) {
  const isMuted = ({ client_id, rule }: AttentionItem) =>
    mutes.some(
      (mute) => (mute.client_id === '' || mute.client_id === client_id) && (mute.rule === '' || mute.rule === rule),
    );
  const shown = worstFirst(
    grouped(
      items.filter((item) => !isMuted(item)),
      numClients,
    ),
  );
  return {
    items: shown.slice(0, limits.attentionItems),
    total: shown.length,
    muted_items: worstFirst(items.filter(isMuted)).slice(0, limits.attentionItems),
  };
}

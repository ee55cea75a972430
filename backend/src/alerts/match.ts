import {
  type AlertKind,
  type AlertWhen,
  type AttentionNews,
  type AttentionRule,
  type ClientId,
  type MetricValue,
  type RunId,
  type RunStatus,
  type Severity,
  type ThresholdOp,
  toNumber,
} from '@rondo/protocol';

/** The newest values of one metric, newest first. */
export interface MetricReading {
  readonly x: number;
  readonly value: MetricValue;
}

/** What of a run the rules look at. */
export interface AlertFacts {
  readonly run_id: RunId;
  readonly tags: readonly string[];
  readonly status: RunStatus;
  readonly reason: string | null;
  readonly completed_at: string | null;
  /** When the server learned that the run was over. */
  readonly heard_at: string | null;
  readonly imported_at: string | null;
  readonly current_round: number | null;
  readonly list: AttentionNews | null;
  readonly readings: ReadonlyMap<string, readonly MetricReading[]>;
}

export interface MatchedRule {
  readonly tag: string | null;
  readonly condition: AlertWhen;
  readonly active_from: string;
}

export interface Match {
  /** What it is about. While it holds, a rule makes no second alert of it. */
  readonly topic: string;
  /** Which occurrence of it. A rule makes one alert of one occurrence, whichever server sees it first. */
  readonly episode: string;
  readonly kind: AlertKind;
  readonly severity: Severity;
  readonly attention_rule: AttentionRule | null;
  readonly client_id: ClientId | null;
  readonly round: number | null;
  readonly detail: string;
  readonly evidence: AttentionNews['items'][number]['evidence'];
  /** It happened, instead of holding for some time. */
  readonly isEvent: boolean;
}

const severities: readonly Severity[] = ['info', 'warning', 'critical'];

/** A run that is over counts if the server learned of it after the rule was made; an imported one never. [E2] */
export function concerns({ tag, active_from }: MatchedRule, facts: AlertFacts): boolean {
  if (facts.imported_at !== null || (tag !== null && !facts.tags.includes(tag))) return false;
  return facts.status === 'running' || (facts.heard_at !== null && facts.heard_at >= active_from);
}

/** What of the run the rule holds of, now. */
export function matchesOf(rule: MatchedRule, facts: AlertFacts): Match[] {
  if (!concerns(rule, facts)) return [];
  const { condition } = rule;
  switch (condition.kind) {
    case 'attention':
      return attentionMatches(condition, facts);
    case 'run_failed':
      return facts.status === 'failed' ? [runEnd('run_failed', 'critical', facts)] : [];
    case 'run_complete':
      return facts.status === 'complete' ? [runEnd('run_complete', 'info', facts)] : [];
    case 'metric_threshold':
      return thresholdMatches(condition, facts);
    default:
      return condition satisfies never;
  }
}

function attentionMatches(
  { rules, min_severity }: Extract<AlertWhen, { kind: 'attention' }>,
  { list }: AlertFacts,
): Match[] {
  const least = severities.indexOf(min_severity);
  const wanted = (list?.items ?? []).filter(
    ({ rule, severity }) => (rules.length === 0 || rules.includes(rule)) && severities.indexOf(severity) >= least,
  );
  return wanted.map((item) => ({
    // An item that stands for several clients is one topic, however many they become.
    topic: JSON.stringify([item.rule, item.client_id ?? (item.client_ids ? '*' : null)]),
    episode: String(item.since_round ?? item.since ?? item.round ?? ''),
    kind: 'attention',
    severity: item.severity,
    attention_rule: item.rule,
    client_id: item.client_id ?? null,
    round: item.round ?? null,
    detail: item.client_id === undefined ? item.detail : `client ${item.client_id}: ${item.detail}`,
    evidence: item.evidence,
    isEvent: false,
  }));
}

function runEnd(kind: 'run_failed' | 'run_complete', severity: Severity, facts: AlertFacts): Match {
  const { reason, completed_at, heard_at, current_round } = facts;
  const word = kind === 'run_failed' ? 'failed' : 'is complete';
  return {
    topic: kind,
    episode: completed_at ?? heard_at ?? '',
    kind,
    severity,
    attention_rule: null,
    client_id: null,
    round: current_round,
    detail: `the run ${word}${reason ? `: ${reason}` : ''}`,
    evidence: {},
    isEvent: true,
  };
}

const compare: Readonly<Record<ThresholdOp, (value: number, bound: number) => boolean>> = {
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
};

function thresholdMatches(
  { name, op, value: bound, for_rounds }: Extract<AlertWhen, { kind: 'metric_threshold' }>,
  { readings }: AlertFacts,
): Match[] {
  const newest = (readings.get(name) ?? []).slice(0, for_rounds);
  const [last] = newest;
  const first = newest.at(-1);
  if (!last || !first || newest.length < for_rounds) return [];
  if (!newest.every(({ value }) => compare[op](toNumber(value), bound))) return [];
  const how = for_rounds === 1 ? '' : `, for ${for_rounds} values in a row`;
  return [
    {
      topic: JSON.stringify(['metric', name, op, bound, for_rounds]),
      episode: String(first.x),
      kind: 'metric_threshold',
      severity: 'warning',
      attention_rule: null,
      client_id: null,
      round: Number.isSafeInteger(last.x) && last.x <= 2_147_483_647 ? last.x : null,
      detail: `${name} is ${last.value} (alert at ${op} ${bound}${how})`,
      evidence: { metric: name, value: last.value, threshold: bound, values: for_rounds },
      isEvent: false,
    },
  ];
}

/** Topics of a rule that hold in the database, and what its run says now. */
export function changesOf(
  rule: MatchedRule,
  facts: AlertFacts,
  held: readonly { readonly id: string; readonly topic: string }[],
): { readonly begun: Match[]; readonly overIds: string[] } {
  const matches = matchesOf(rule, facts);
  const now = new Set(matches.map(({ topic }) => topic));
  const known = new Set(held.map(({ topic }) => topic));
  const isOver = facts.status !== 'running';
  // The list is cut: what is missing from it may still hold.
  const isCut = rule.condition.kind === 'attention' && (facts.list?.total ?? 0) > (facts.list?.items.length ?? 0);
  return {
    begun: matches.filter(({ topic }) => !known.has(topic)),
    overIds: held.filter(({ topic }) => isOver || (!now.has(topic) && !isCut)).map(({ id }) => id),
  };
}

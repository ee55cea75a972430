import { randomUUID } from 'node:crypto';
import { type ProjectId, type RunId, type Severity, severitySchema } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import {
  type FactsRow,
  heldAlerts,
  lockMark,
  newestReadings,
  readAlertFacts,
  runningRunsOf,
  runsToLookAt,
  saveMarks,
} from '../db/queries/alert-facts.ts';
import { alertsSentTo, endAlerts, insertAlerts, joinDelivery, lastDueAt } from '../db/queries/alert-outbox.ts';
import { channelsOfProject, enabledRules, type RuleWithChannels } from '../db/queries/alert-settings.ts';
import { itemsOfTroubles } from '../insight/attention-list.ts';
import { type Trouble, troubleRules } from '../insight/troubles.ts';
import { type AlertFacts, changesOf, type Match } from './match.ts';
import { dueAt } from './schedule.ts';
import type { ChannelRow } from './settings.ts';

interface Options {
  readonly db: Db;
  readonly now: () => number;
  /** Whether reports wait to be stored; then alerts wait. */
  readonly isBusy?: () => boolean;
  readonly groupWaitMs?: number | undefined;
  /** Of this server. They are not read from the stored lists, because another server may not have them. */
  readonly troubles?: (() => readonly Trouble[]) | undefined;
}

/** Runs of one look. */
const runsAtOnce = 100;
/** How often the server looks for what it missed: commits of servers that died. */
export const sweepEveryMs = 15_000;
const runsPerSweep = 1_000;
/** How long a busy server puts a look off. */
const patienceMs = 5_000;
const severities = severitySchema.options;

/**
 * Looks at runs that changed, and makes alerts:
 *
 *   commit ─▶ due ──every second──▶ facts ─▶ match ─▶ one transaction: lock the run's mark · alerts · outbox
 *
 * A run is looked at by the server that committed the change. What a server did not come to look at is found by its
 * mark, which is older than the run. The keys of `alerts` make an alert once, whichever servers look. [E3]
 */
export class AlertEvaluator {
  readonly #options: Options;
  readonly #due = new Map<RunId, number>();
  readonly #changed = new Set<ProjectId>();
  /** By project; replaced as a whole. */
  #rules = new Map<ProjectId, RuleWithChannels[]>();
  /** True until the rules are read, and again when one of them changed, on this server or on another one. */
  #isStale = true;
  #sweptAt = Number.NEGATIVE_INFINITY;
  /** Troubles that this server had: only it knows when they are over. */
  readonly #hadTroubles = new Set<string>();
  readonly #startedAt: string;

  constructor(options: Options) {
    this.#options = options;
    this.#startedAt = new Date(options.now()).toISOString();
  }

  /** A commit changed the run. Costs nothing where no rule is on. */
  note(runId: RunId, project: ProjectId): void {
    if (this.#rules.has(project) && !this.#due.has(runId)) this.#due.set(runId, this.#options.now());
  }

  /** Rules of the project changed: its running runs are looked at. */
  noteRules(project: ProjectId): void {
    this.#changed.add(project);
    this.#isStale = true;
  }

  /** Messages of other servers may have been lost: any rule may have changed. */
  noteMissed(): void {
    this.#isStale = true;
  }

  /** A trouble of the server began or ended, which concerns every running run. */
  noteTroubles(): void {
    for (const project of this.#rules.keys()) this.#changed.add(project);
  }

  /** False if it is known that no rule is on. */
  get hasRules(): boolean {
    return this.#isStale || this.#rules.size > 0;
  }

  forget(runId: RunId): void {
    this.#due.delete(runId);
  }

  /** Looks at everything that is due. Without rules, it asks the database nothing. */
  async look(): Promise<void> {
    const { db, now, isBusy } = this.#options;
    if (!this.hasRules) return;
    // A run that ended while a rule was being made is not running any more; the sweep finds it.
    const isSweep = this.#isStale || now() - this.#sweptAt >= sweepEveryMs;
    if (!isSweep && this.#due.size === 0 && this.#changed.size === 0) return;
    const oldest = Math.min(...this.#due.values());
    if (isBusy?.() && !isSweep && this.#changed.size === 0 && now() - oldest < patienceMs) return;
    if (this.#isStale) await this.#readRules();
    if (isSweep) await this.#sweep();
    for (const project of [...this.#changed]) {
      const ids = this.#rules.has(project) ? await runningRunsOf(db, project, runsPerSweep) : [];
      for (const id of ids) this.#due.set(id, now());
      this.#changed.delete(project);
    }
    const due = [...this.#due];
    for (let at = 0; at < due.length; at += runsAtOnce) await this.#lookAtDue(due.slice(at, at + runsAtOnce));
  }

  async #lookAtDue(due: readonly (readonly [RunId, number])[]): Promise<void> {
    const ids = due.map(([id]) => id);
    for (const id of ids) this.#due.delete(id);
    try {
      await this.#lookAt(ids, false);
    } catch (error) {
      // The database may be away for a moment.
      for (const [id, since] of due) this.#due.set(id, since);
      throw error;
    }
  }

  async #readRules(): Promise<void> {
    // A rule that changes while they are read makes them stale again.
    this.#isStale = false;
    try {
      const rules = await enabledRules(this.#options.db);
      this.#rules = Map.groupBy(rules, ({ project_id }) => project_id);
    } catch (error) {
      this.#isStale = true;
      throw error;
    }
  }

  async #sweep(): Promise<void> {
    const { db, now } = this.#options;
    const all = [...this.#rules.values()].flat();
    const since = all.map(({ active_from }) => active_from).sort()[0];
    if (since !== undefined) {
      const ids = await runsToLookAt(db, [...this.#rules.keys()], since, runsPerSweep);
      for (let at = 0; at < ids.length; at += runsAtOnce) await this.#lookAt(ids.slice(at, at + runsAtOnce), true);
    }
    this.#sweptAt = now();
  }

  async #lookAt(ids: readonly RunId[], keepsMarks: boolean): Promise<void> {
    const { db } = this.#options;
    const rows = (await readAlertFacts(db, ids)).filter(({ project_id }) => this.#rules.has(project_id));
    if (rows.length === 0) return;
    const troubles = this.#options.troubles?.() ?? [];
    for (const { rule } of troubles) this.#hadTroubles.add(rule);
    const held = Map.groupBy(
      (await heldAlerts(db, ids)).filter((alert) => this.#mayEnd(alert)),
      ({ run_id }) => run_id,
    );
    const quiet: FactsRow[] = [];
    for (const row of rows) {
      const list = row.status === 'running' ? withTroubles(row, troubles) : row.list;
      const facts: AlertFacts = { ...row, list, readings: await this.#readingsOf(row) };
      const changes = (this.#rules.get(row.project_id) ?? [])
        .map((rule) => ({
          rule,
          ...changesOf(
            rule,
            facts,
            (held.get(row.run_id) ?? []).filter(({ rule_id }) => rule_id === rule.id),
          ),
        }))
        .filter(({ begun, overIds }) => begun.length + overIds.length > 0);
      if (changes.length === 0) quiet.push(row);
      else await this.#store(row, changes);
    }
    // A mark only spares a later look; a write for every commit would cost more than it spares.
    if (keepsMarks)
      await saveMarks(
        db,
        quiet.map(({ run_id, seq }) => ({ run_id, seq })),
      );
  }

  #mayEnd({ attention_rule, at }: { readonly attention_rule: string | null; readonly at: string }): boolean {
    if (!isTroubleRule(attention_rule)) return true;
    return this.#hadTroubles.has(attention_rule ?? '') || at < this.#startedAt;
  }

  async #readingsOf({ run_id, project_id }: FactsRow): Promise<AlertFacts['readings']> {
    const wanted = new Map<string, number>();
    for (const { condition } of this.#rules.get(project_id) ?? []) {
      if (condition.kind !== 'metric_threshold') continue;
      wanted.set(condition.name, Math.max(condition.for_rounds, wanted.get(condition.name) ?? 0));
    }
    const readings = new Map<string, Awaited<ReturnType<typeof newestReadings>>>();
    for (const [name, limit] of wanted) readings.set(name, await newestReadings(this.#options.db, run_id, name, limit));
    return readings;
  }

  async #store(
    row: FactsRow,
    changes: readonly { rule: RuleWithChannels; begun: readonly Match[]; overIds: readonly string[] }[],
  ): Promise<void> {
    const { db, now } = this.#options;
    const at = new Date(now()).toISOString();
    await db.transaction(async (tx) => {
      if (!(await lockMark(tx, row.run_id, row.seq))) return;
      for (const { rule, begun, overIds } of changes) {
        const ended = await endAlerts(tx, overIds, at);
        if (rule.notify_over && ended.length > 0) await this.#sayOver(tx, rule, ended);
        if (begun.length > 0) await this.#begin(tx, row, rule, begun, at);
      }
    });
  }

  async #begin(tx: Db, row: FactsRow, rule: RuleWithChannels, begun: readonly Match[], at: string): Promise<void> {
    const channels = (await channelsOfProject(tx, rule.project_id, rule.channel_ids)).filter(({ enabled }) => enabled);
    const state = channels.length > 0 ? ('waiting' as const) : ('recorded' as const);
    const alerts = begun.map(({ isEvent, ...match }) => ({
      id: randomUUID(),
      rule_id: rule.id,
      rule_name: rule.name,
      project_id: rule.project_id,
      run_id: row.run_id,
      ...match,
      at,
      over_at: isEvent || row.status !== 'running' ? at : null,
      state,
    }));
    const made = await insertAlerts(tx, alerts);
    const fresh = alerts.filter(({ id }) => made.has(id));
    if (fresh.length === 0) return;
    const ids = fresh.map(({ id }) => id);
    for (const channel of channels) await joinDelivery(tx, await this.#message(tx, rule, channel, worst(fresh)), ids);
  }

  /** To the channels that learned of the beginning. */
  async #sayOver(tx: Db, rule: RuleWithChannels, ended: readonly string[]): Promise<void> {
    for (const channel of await channelsOfProject(tx, rule.project_id, rule.channel_ids)) {
      const ids = channel.enabled ? await alertsSentTo(tx, channel.id, ended) : [];
      if (ids.length > 0) await joinDelivery(tx, await this.#message(tx, rule, channel, 'info'), ids, true);
    }
  }

  async #message(tx: Db, rule: RuleWithChannels, channel: ChannelRow, severity: Severity) {
    const { now, groupWaitMs } = this.#options;
    const pair = { rule_id: rule.id, channel_id: channel.id };
    const last = await lastDueAt(tx, pair);
    const due = dueAt({
      now: now(),
      severity,
      lastDue: last === undefined ? undefined : Date.parse(last),
      throttleMs: rule.throttle_s * 1_000,
      quietHours: [rule.quiet_hours, channel.quiet_hours],
      ...(groupWaitMs !== undefined && { groupWaitMs }),
    });
    return {
      id: randomUUID(),
      project_id: rule.project_id,
      ...pair,
      channel_name: channel.name,
      channel_kind: channel.kind,
      due_at: new Date(due).toISOString(),
    };
  }
}

const isTroubleRule = (rule: string | null): boolean => (troubleRules as readonly (string | null)[]).includes(rule);

function withTroubles({ run_id, list }: FactsRow, troubles: readonly Trouble[]): AlertFacts['list'] {
  const stored = (list?.items ?? []).filter(({ rule }) => !isTroubleRule(rule));
  const items = [...itemsOfTroubles(troubles), ...stored];
  const cut = (list?.total ?? 0) - (list?.items.length ?? 0);
  return items.length === 0 ? list : { run_id, items, total: items.length + cut };
}

const worst = (alerts: readonly { readonly severity: Severity }[]): Severity =>
  severities.find((severity) => alerts.some((alert) => alert.severity === severity)) ?? 'info';

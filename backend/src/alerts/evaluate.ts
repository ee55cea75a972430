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
import { endAlerts, insertAlerts, joinDelivery, lastDueAt } from '../db/queries/alert-outbox.ts';
import { channelsOfProject, enabledRules, type RuleWithChannels } from '../db/queries/alert-settings.ts';
import { type AlertFacts, changesOf, type Match } from './match.ts';
import { dueAt } from './schedule.ts';

interface Options {
  readonly db: Db;
  readonly now: () => number;
  /** Whether reports wait to be stored; then alerts wait. */
  readonly isBusy?: () => boolean;
  readonly groupWaitMs?: number | undefined;
}

/** Runs of one look. */
const runsAtOnce = 100;
/** How often the server looks for what it missed: commits of servers that died, rules that other servers changed. */
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
  #sweptAt = Number.NEGATIVE_INFINITY;

  constructor(options: Options) {
    this.#options = options;
  }

  /** A commit changed the run. Costs nothing where no rule is on. */
  note(runId: RunId, project: ProjectId): void {
    if (this.#rules.has(project) && !this.#due.has(runId)) this.#due.set(runId, this.#options.now());
  }

  /** Rules of the project changed: its running runs are looked at. */
  noteRules(project: ProjectId): void {
    this.#changed.add(project);
  }

  forget(runId: RunId): void {
    this.#due.delete(runId);
  }

  /** Looks at everything that is due. */
  async look(): Promise<void> {
    const { db, now, isBusy } = this.#options;
    // A run that ended while a rule was being made is not running any more; the sweep finds it.
    const isSweep = this.#changed.size > 0 || now() - this.#sweptAt >= sweepEveryMs;
    if (!isSweep && this.#due.size === 0) return;
    const oldest = Math.min(...this.#due.values());
    if (isBusy?.() && !isSweep && now() - oldest < patienceMs) return;
    if (isSweep) {
      await this.#readRules();
      await this.#sweep();
    }
    for (const project of [...this.#changed]) {
      this.#changed.delete(project);
      if (!this.#rules.has(project)) continue;
      for (const id of await runningRunsOf(db, project, runsPerSweep)) this.#due.set(id, now());
    }
    const ids = [...this.#due.keys()];
    this.#due.clear();
    for (let at = 0; at < ids.length; at += runsAtOnce) await this.#lookAt(ids.slice(at, at + runsAtOnce), false);
  }

  async #readRules(): Promise<void> {
    const rules = await enabledRules(this.#options.db);
    this.#rules = Map.groupBy(rules, ({ project_id }) => project_id);
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
    const held = Map.groupBy(await heldAlerts(db, ids), ({ run_id }) => run_id);
    const quiet: FactsRow[] = [];
    for (const row of rows) {
      const facts: AlertFacts = { ...row, readings: await this.#readingsOf(row) };
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
        await endAlerts(tx, overIds, at);
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
    const { now, groupWaitMs } = this.#options;
    for (const channel of channels) {
      const pair = { rule_id: rule.id, channel_id: channel.id };
      const last = await lastDueAt(tx, pair);
      const due = dueAt({
        now: now(),
        severity: worst(fresh),
        lastDue: last === undefined ? undefined : Date.parse(last),
        throttleMs: rule.throttle_s * 1_000,
        quietHours: [rule.quiet_hours, channel.quiet_hours],
        ...(groupWaitMs !== undefined && { groupWaitMs }),
      });
      await joinDelivery(
        tx,
        {
          id: randomUUID(),
          project_id: rule.project_id,
          ...pair,
          channel_name: channel.name,
          channel_kind: channel.kind,
          due_at: new Date(due).toISOString(),
        },
        fresh.map(({ id }) => id),
      );
    }
  }
}

const worst = (alerts: readonly { readonly severity: Severity }[]): Severity =>
  severities.find((severity) => alerts.some((alert) => alert.severity === severity)) ?? 'info';

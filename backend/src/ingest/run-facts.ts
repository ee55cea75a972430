import { isDeepStrictEqual } from 'node:util';
import {
  defaultProject,
  type FactOf,
  isRoundOver,
  limits,
  type ProjectId,
  type ReporterId,
  type RunId,
} from '@rondo/protocol';
import { concludeStop } from './command-facts.ts';
import type { Draft } from './draft.ts';
import { closeRound, hasEnded } from './round-facts.ts';
import type { Notice, ReporterRow, RunRow } from './state.ts';

/** A run that is known only because a fact names it. [F4] */
export function unknownRun(run_id: RunId, at: string, epoch: string, project_id: ProjectId = defaultProject): RunRow {
  return {
    run_id,
    project_id,
    name: run_id,
    framework: null,
    status: 'running',
    reason: null,
    config: {},
    num_rounds: null,
    tags: [],
    notes: '',
    edited: [],
    commands_supported: [],
    current_round: null,
    num_clients: 0,
    started_at: at,
    completed_at: null,
    stop: null,
    status_at: at,
    declared_at: null,
    last_reported_at: null,
    clock_offset_ms: null,
    condition: null,
    num_values_replaced: 0,
    waiting: null,
    presence_at: null,
    pace: { durations: [], open: null },
    num_rounds_over: 0,
    num_rounds_empty: 0,
    rounds_seen: 0,
    rounds_failed: 0,
    bytes_up: 0,
    bytes_down: 0,
    imported_at: null,
    ended_by: null,
    ends: [],
    epoch,
    seq: 0,
    updated_seq: 0,
    created_at: at,
  };
}

/** A later run_started fills in, and replaces only what it says. [F9] */
export function startRun(draft: Draft, fact: FactOf<'run_started'>, receivedAt: string): boolean {
  declareReporter(draft, fact);
  const { run } = draft;
  if (run.declared_at !== null && fact.at <= run.declared_at) return false;
  const isEdited = (field: RunRow['edited'][number]) => run.edited.includes(field);
  draft.setRun({
    name: isEdited('name') ? run.name : fact.name,
    framework: fact.framework,
    config: mergedConfig(run.config, fact.config),
    num_rounds: fact.num_rounds ?? run.num_rounds,
    tags: isEdited('tags') || !fact.tags?.length ? run.tags : fact.tags,
    declared_at: fact.at,
    // A run that was reported as it happened does not become an import, and an import stays one.
    imported_at: run.declared_at === null && fact.imported ? receivedAt : run.imported_at,
    started_at: run.declared_at === null || fact.at < run.started_at ? fact.at : run.started_at,
  });
  wakeRun(draft, fact.at);
  return true;
}

function mergedConfig(before: RunRow['config'], said: RunRow['config'] | undefined): RunRow['config'] {
  const merged = Object.fromEntries([...Object.entries(before), ...Object.entries(said ?? {})]);
  // Two that each keep the bound may break it together; then the newer speaks alone.
  return JSON.stringify(merged).length > limits.configBytes ? (said ?? before) : merged;
}

/** Each reporter has its own capabilities; the run shows those that all of them share. [C8] */
function declareReporter(draft: Draft, fact: FactOf<'run_started'>): void {
  const { run, reporter } = draft;
  if (reporter === undefined) {
    const isNews = run.declared_at === null || fact.at > run.declared_at;
    if (isNews && fact.commands_supported) draft.setRun({ commands_supported: fact.commands_supported });
    return;
  }
  const known = draft.reporterRow(reporter) ?? newReporter(run.run_id, reporter);
  if (known.declared_at !== null && fact.at <= known.declared_at) return;
  const commands_supported = fact.commands_supported ?? known.commands_supported;
  draft.setReporter({ ...known, commands_supported, declared_at: fact.at });
  const all = [...new Set(draft.reporters().flatMap((one) => one.commands_supported))];
  if (all.join('\n') !== run.commands_supported.join('\n')) draft.setRun({ commands_supported: all });
}

export const newReporter = (run_id: RunId, reporter_id: ReporterId): ReporterRow => ({
  run_id,
  reporter_id,
  commands_supported: [],
  declared_at: null,
  clock_offset_ms: 0,
});

/** A name set by an admin stays. [F7] */
export function editRun(draft: Draft, notice: Extract<Notice, { type: 'run_edited' }>): boolean {
  const { type, run_id, record, ...change } = notice;
  const before = draft.run;
  const named = (['name', 'tags'] as const).filter((field) => notice[field] !== undefined);
  const edited = [...new Set([...draft.run.edited, ...named])];
  if (isDeepStrictEqual({ ...before, ...change, edited }, before)) return false;
  draft.setRun({ ...change, edited });
  return true;
}

// Ends of a run that are remembered, so that one that is repeated is known.
const maxEnds = 32;

/** An end ends the run, whatever its moment says; one that was reported before says nothing. [L3] */
export function completeRun(draft: Draft, fact: FactOf<'run_complete'>): boolean {
  const { run } = draft;
  if (hasEnded(run.ends, fact.status, fact.at)) return false;
  const ends = [...run.ends, [fact.status, fact.at] as const].slice(-maxEnds);
  if (run.status !== 'running' && fact.at <= run.status_at) {
    draft.setRun({ ends });
    return false;
  }
  draft.setRun({ ends, ended_by: draft.reporter ?? null });
  closeRun(draft, fact);
  return true;
}

type RunEnd = Pick<FactOf<'run_complete'>, 'status' | 'reason' | 'at'>;

/** An admin says that it is over. [L10] */
export function endRun(draft: Draft, notice: Extract<Notice, { type: 'run_ended' }>): boolean {
  if (draft.run.status !== 'running') return false;
  // No reporter has this name, so that news of any opens the run again.
  draft.setRun({ ended_by: '' });
  closeRun(draft, notice);
  for (const round of [...draft.rounds()]) {
    if (isRoundOver(round)) continue;
    const end = { run_id: notice.run_id, round: round.round, at: notice.at, reason: notice.reason };
    closeRound(draft, { type: 'round_stopped', ...end }, round);
  }
  return true;
}

function closeRun(draft: Draft, { status, reason, at }: RunEnd): void {
  const { run } = draft;
  draft.setRun({
    status,
    reason: reason ?? null,
    completed_at: at > run.started_at ? at : run.started_at,
    status_at: at > run.status_at ? at : run.status_at,
  });
  draft.setQuiet({ waiting: null });
  for (const { round } of draft.rounds()) endWithRun(draft, round);
  // Nothing is under way in a run that is over. [L11]
  for (const client of [...draft.clients()]) {
    if (client.status === 'training' || client.status === 'uploading') draft.setClient({ ...client, status: 'idle' });
  }
  concludeStop(draft, run.stop, status, at);
}

/** A run that stops or fails takes its open rounds along. [L5] */
export function endWithRun(draft: Draft, number: number): void {
  const { run_id, status, completed_at, reason } = draft.run;
  const round = draft.round(number);
  if (completed_at === null || !round || isRoundOver(round) || (status !== 'stopped' && status !== 'failed')) return;
  const type = status === 'stopped' ? 'round_stopped' : 'round_failed';
  closeRound(draft, { type, run_id, round: number, at: completed_at, reason: reason ?? `the run ${status}` }, round);
}

/** A fact that is newer than the run's end reopens it. [L3] */
export function wakeRun(draft: Draft, at: string): void {
  const { run } = draft;
  if (run.status === 'running' || at <= run.status_at) return;
  draft.setRun({ status: 'running', reason: null, completed_at: null, status_at: at, ended_by: null });
}

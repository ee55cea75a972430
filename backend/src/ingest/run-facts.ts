import { isDeepStrictEqual } from 'node:util';
import { defaultProject, type FactOf, isRoundOver, type ProjectId, type RunId } from '@rondo/protocol';
import { concludeStop } from './command-facts.ts';
import type { Draft } from './draft.ts';
import { endRound } from './round-facts.ts';
import type { Notice, RunRow } from './state.ts';

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
    worked_at: null,
    epoch,
    seq: 0,
    updated_seq: 0,
    created_at: at,
  };
}

export function startRun(draft: Draft, fact: FactOf<'run_started'>): boolean {
  const { run } = draft;
  if (run.declared_at !== null && fact.at <= run.declared_at) return false;
  const isEdited = (field: RunRow['edited'][number]) => run.edited.includes(field);
  draft.setRun({
    name: isEdited('name') ? run.name : fact.name,
    framework: fact.framework,
    config: fact.config,
    num_rounds: fact.num_rounds ?? null,
    tags: isEdited('tags') ? run.tags : fact.tags,
    commands_supported: fact.commands_supported,
    declared_at: fact.at,
    started_at: run.declared_at === null || fact.at < run.started_at ? fact.at : run.started_at,
  });
  wakeRun(draft, fact.at);
  return true;
}

/** What an admin named stays. [F7] */
export function editRun(draft: Draft, notice: Extract<Notice, { type: 'run_edited' }>): boolean {
  const { type, run_id, record, ...change } = notice;
  const before = draft.run;
  const named = (['name', 'tags'] as const).filter((field) => notice[field] !== undefined);
  const edited = [...new Set([...draft.run.edited, ...named])];
  if (isDeepStrictEqual({ ...before, ...change, edited }, before)) return false;
  draft.setRun({ ...change, edited });
  return true;
}

/** Work that is newer overtakes an end, whichever is told first. [L3] */
export function completeRun(draft: Draft, fact: FactOf<'run_complete'>): boolean {
  const { run } = draft;
  const isNewer = fact.at > run.status_at || (fact.at === run.status_at && run.status === 'running');
  if (!isNewer || (draft.workedAt !== null && draft.workedAt > fact.at)) return false;
  draft.setRun({ status: fact.status, reason: fact.reason ?? null, completed_at: fact.at, status_at: fact.at });
  for (const { round } of draft.rounds()) endWithRun(draft, round);
  concludeStop(draft, run.stop, fact.status, fact.at);
  return true;
}

/** A run that stops or fails takes its open rounds along. [L5] */
export function endWithRun(draft: Draft, number: number): void {
  const { run_id, status, completed_at, reason } = draft.run;
  const round = draft.round(number);
  if (completed_at === null || !round || isRoundOver(round) || (status !== 'stopped' && status !== 'failed')) return;
  const type = status === 'stopped' ? 'round_stopped' : 'round_failed';
  endRound(draft, { type, run_id, round: number, at: completed_at, reason: reason ?? `the run ${status}` });
}

/** Work that is newer than the run's end reopens it. [L3] */
export function wakeRun(draft: Draft, at: string): void {
  const { run } = draft;
  draft.noteWork(at);
  if (run.status === 'running' || at <= run.status_at) return;
  draft.setRun({ status: 'running', reason: null, completed_at: null, status_at: at });
}

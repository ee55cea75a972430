import type { ProjectId, RunId } from '@rondo/protocol';
import { onBatchClock } from './clock.ts';
import type { Job, Piece } from './job.ts';
import type { Origin } from './reduce.ts';
import type { Input, Notice } from './state.ts';

/** An upload creates its run, like any other report. [F4] */
const noticeTypes: Record<Exclude<Notice['type'], 'model_saved'>, true> = {
  client_silent: true,
  stop_requested: true,
  command_expired: true,
  attention_changed: true,
  run_edited: true,
  model_deleted: true,
  alias_set: true,
  alias_deleted: true,
  alias_rolled_back: true,
  reporter_heard: true,
  condition_due: true,
  run_ended: true,
};
export const isNotice = ({ type }: Input): boolean => Object.hasOwn(noticeTypes, type);

/** Where in the group an entry comes from. */
interface Place {
  readonly piece: number;
  readonly part: number;
}

export interface Entry {
  readonly input: Input;
  /** Undefined for notices that belong to no job. */
  readonly at: Place | undefined;
  readonly origin: Origin | undefined;
  /** The project that it speaks for; undefined is the server itself. */
  readonly owner: ProjectId | undefined;
  /** The API key that it came with. */
  readonly key: string | undefined;
}

export function noteAt(entry: Entry | undefined, into: readonly Set<number>[]): void {
  if (entry?.at) into[entry.at.piece]?.add(entry.at.part);
}

/** A run belongs to the project of the API key that named it first. [O2] */
export const firstOwned = (entries: readonly Entry[]): Entry | undefined =>
  entries.find(({ owner }) => owner !== undefined);

export const isOwn = (owner: ProjectId | undefined, project: ProjectId): boolean =>
  owner === undefined || owner === project;

const ownerOfInput = ({ batch }: Pick<Job, 'batch'>, input: Input): ProjectId | undefined =>
  input.type === 'model_saved' ? input.project_id : batch?.project_id;

export function foreignParts({ job, parts }: Piece, projects: ReadonlyMap<RunId, ProjectId>): Set<number> {
  const foreign = new Set<number>();
  for (const [part, { input }] of parts.entries()) {
    const project = projects.get(input.run_id);
    if (project !== undefined && !isOwn(ownerOfInput(job, input), project)) foreign.add(part);
  }
  return foreign;
}

/** A run began no later than the first thing that is said of it. */
export function firstMoment(entries: readonly Entry[], receivedAt: string): string {
  const moments = entries.flatMap(({ input, origin }) => ('at' in input ? [onBatchClock(input.at, origin)] : []));
  return [...moments, receivedAt].sort()[0] as string;
}

export function groupByRun(group: readonly Piece[], fresh: readonly boolean[]): Map<RunId, Entry[]> {
  const byRun = new Map<RunId, Entry[]>();
  group.forEach(({ job, parts }, piece) => {
    if (!fresh[piece]) return;
    const { batch, receivedAt } = job;
    const origin = batch && { reporter_id: batch.reporter_id, offset_ms: batch.offset_ms ?? null, receivedAt };
    for (const [part, { input: said }] of parts.entries()) {
      const input = said.type === 'command_ack' ? { ...said, reporter_id: batch?.reporter_id } : said;
      const entries = byRun.get(input.run_id);
      const key = said.type === 'model_saved' ? said.cost?.key_id : batch?.key_id;
      const entry = { input, at: { piece, part }, origin, owner: ownerOfInput({ batch }, said), key };
      if (entries) entries.push(entry);
      else byRun.set(input.run_id, [entry]);
    }
  });
  return byRun;
}

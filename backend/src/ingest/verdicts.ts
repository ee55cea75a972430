import type { Command } from '@rondo/protocol';
import type { Costs } from '../db/queries/key-usage.ts';
import { type ReporterKey, reporterOf } from '../db/queries/reporters.ts';
import { foreignParts, noteAt } from './entries.ts';
import type { Piece } from './job.ts';
import { addCost } from './key-usage.ts';
import type { Draft } from './save.ts';
import type { RunRow } from './state.ts';
import type { Work } from './works.ts';

/** What a transaction found out about one piece, by the positions of its parts. */
export interface Verdict {
  readonly isFresh: boolean;
  readonly foreign: ReadonlySet<number>;
  readonly duplicates: Set<number>;
  readonly refused: Map<number, string>;
}

export function verdictsOf(group: readonly Piece[], fresh: readonly boolean[], locked: readonly RunRow[]): Verdict[] {
  const projects = new Map(locked.map(({ run_id, project_id }) => [run_id, project_id]));
  return group.map((piece, index) => {
    const isFresh = fresh[index] ?? true;
    const foreign = isFresh ? foreignParts(piece, projects) : new Set<number>();
    return { isFresh, foreign, duplicates: new Set(), refused: new Map() };
  });
}

export function noteVerdicts(works: readonly Work[], { runs }: Draft, verdicts: readonly Verdict[]): void {
  const duplicates = verdicts.map((verdict) => verdict.duplicates);
  for (const [index, { entries }] of works.entries()) {
    for (const at of runs[index]?.duplicates ?? []) noteAt(entries[at], duplicates);
    for (const [at, why] of runs[index]?.reduction.refused ?? []) {
      const place = entries[at]?.at;
      if (place) verdicts[place.piece]?.refused.set(place.part, why);
    }
  }
}

/** What the fresh pieces take of their keys' days. [B8] */
export function addCosts(group: readonly Piece[], verdicts: readonly Verdict[], costs: Map<string, Costs>): void {
  for (const [index, { job, parts, isLast }] of group.entries()) {
    const { isFresh, foreign, duplicates } = verdicts[index] as Verdict;
    if (!isFresh) continue;
    if (isLast && job.batch?.bytes) addCost(costs, job.batch.key_id, { bytes: job.batch.bytes });
    for (const [part, { input }] of parts.entries()) {
      const cost = input.type === 'model_saved' ? input.cost : undefined;
      if (cost && !foreign.has(part) && !duplicates.has(part))
        addCost(costs, cost.key_id, { upload_bytes: cost.bytes });
    }
  }
}

/** Gives a caller its result, if the piece was its last one. */
export function settle(
  piece: Piece,
  { isFresh, duplicates, foreign, refused }: Verdict,
  waiting: ReadonlyMap<ReporterKey, Command[]>,
): void {
  const { job } = piece;
  job.note(piece, duplicates, foreign, refused);
  if (!piece.isLast) return;
  const commands = (job.batch && waiting.get(reporterOf(job.batch))) ?? [];
  job.settled.resolve(job.result(!isFresh, commands));
}

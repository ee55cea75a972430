import type { Command, RunId } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { openCommandsFor } from '../db/queries/commands.ts';
import {
  type BatchId,
  maxRunsOfReporter,
  noteRuns,
  type ReporterKey,
  reporterOf,
  takeBatches,
} from '../db/queries/reporters.ts';
import { together } from '../db/together.ts';
import type { Input } from './state.ts';

interface Job {
  readonly batch: BatchId | undefined;
  readonly inputs: readonly Input[];
}

/** The batches of one transaction: which of them are new, and the commands to return to their reporters. */
export class Batches {
  readonly #tx: Db;
  readonly #jobs: readonly Job[];
  readonly #knownRuns = new Map<ReporterKey, ReadonlySet<RunId>>();

  constructor(tx: Db, jobs: readonly Job[]) {
    this.#tx = tx;
    this.#jobs = jobs;
  }

  /** Which of the jobs are new. In one order everywhere: a reporter may have reached two servers. */
  async take(receivedAt: string): Promise<boolean[]> {
    const fresh = this.#jobs.map(() => true);
    const left = this.#jobs.flatMap(({ batch }, index) => (batch ? [{ batch, index, key: reporterOf(batch) }] : []));
    left.sort((a, b) => (a.key === b.key ? 0 : a.key < b.key ? -1 : 1));
    // Several batches of one reporter need a statement each.
    for (let rest = left; rest.length > 0; ) {
      const turn = rest.filter(({ key }, at) => key !== rest[at - 1]?.key);
      rest = rest.filter(({ key }, at) => key === rest[at - 1]?.key);
      const taken = await takeBatches(
        this.#tx,
        turn.map(({ batch }) => batch),
        receivedAt,
      );
      for (const { key, index } of turn) fresh[index] = taken.has(key);
      for (const [key, runIds] of taken) this.#knownRuns.set(key, new Set(runIds));
    }
    return fresh;
  }

  /** The runs that the reporters of new batches have reported before. */
  *knownRuns(): Iterable<RunId> {
    for (const runIds of this.#knownRuns.values()) yield* runIds;
  }

  /** The open commands for each reporter, now that its runs are known. */
  async answer(): Promise<Map<ReporterKey, Command[]>> {
    const reporters = new Map<ReporterKey, { readonly batch: BatchId; readonly runIds: Set<RunId> }>();
    for (const { batch, inputs } of this.#jobs) {
      if (!batch) continue;
      const { runIds } = reporters.get(reporterOf(batch)) ?? { runIds: new Set<RunId>() };
      for (const { run_id } of inputs) {
        // Past this number, only the newest are remembered.
        if (runIds.delete(run_id) || runIds.size < maxRunsOfReporter) runIds.add(run_id);
        else runIds.delete(runIds.values().next().value as RunId) && runIds.add(run_id);
      }
      reporters.set(reporterOf(batch), { batch, runIds });
    }
    const unknown = [...reporters].filter(([reporter, { runIds }]) => {
      const known = this.#knownRuns.get(reporter);
      return [...runIds].some((id) => !known?.has(id));
    });
    const commands = await together(
      ...unknown.map(([, { batch, runIds }]) => noteRuns(this.#tx, batch, runIds)),
      openCommandsFor(
        this.#tx,
        [...reporters.values()].map(({ batch }) => batch),
      ),
    );
    return commands.at(-1) as Awaited<ReturnType<typeof openCommandsFor>>;
  }
}

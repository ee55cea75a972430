import { randomUUID } from 'node:crypto';
import { type FactInput, type FactOf, type FactType, factSchema, type RunId, runIdSchema } from '@rondo/protocol';

type Fields<T extends FactType> = Omit<Extract<FactInput, { type: T }>, 'type' | 'run_id' | 'at'> & { at?: string };

export interface TestRun {
  readonly id: RunId;
  /** A fact of this run, a second after the one before. */
  say<T extends FactType>(type: T, fields: Fields<T>): FactOf<T>;
}

/** Reports of an FL server, for a run with a unique id. */
export function makeRun({ start = '2026-01-31T12:00:00.000Z', id = `run-${randomUUID()}` } = {}): TestRun {
  let at = Date.parse(start);
  return {
    id: runIdSchema.parse(id),
    say: <T extends FactType>(type: T, fields: Fields<T>) => {
      at += 1_000;
      return factSchema.parse({ type, run_id: id, at: new Date(at).toISOString(), ...fields }) as FactOf<T>;
    },
  };
}

/** A round of `clients` with all results, and its end. */
export function aWholeRound(run: TestRun, round: number, clients = ['a', 'b']) {
  return [
    run.say('round_started', { round, client_ids: clients }),
    ...clients.map((client_id) => run.say('client_result', { round, client_id, sample_count: 10, train_loss: 0.5 })),
    run.say('round_complete', { round, global_loss: 1 / round, global_accuracy: 1 - 1 / round }),
  ];
}

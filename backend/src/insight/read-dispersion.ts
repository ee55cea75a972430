import { clientMeasures, type RunDispersion, type RunId } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { type Range, readDerived } from '../db/queries/insight.ts';
import { worstEnd } from './dispersion.ts';
import { prepareRounds } from './rounds.ts';

/** The spread of one measure over the clients of each round. [G1] */
export async function readDispersion(
  db: Db,
  runId: RunId,
  { measure, ...range }: Range & { readonly measure: string },
): Promise<RunDispersion> {
  const { rows, stored, open } = await prepareRounds(db, runId, range);
  const byRound = new Map((await readDerived(db, runId, stored, ['dispersion'])).map((each) => [each.round, each]));
  for (const [round, { dispersion }] of open) byRound.set(round, { round, dispersion });
  const measures = new Set<string>();
  for (const { dispersion } of byRound.values()) for (const name of Object.keys(dispersion)) measures.add(name);
  const first = (name: string) => (clientMeasures as readonly string[]).indexOf(name) + 1 || 1_000;
  return {
    run_id: runId,
    measure,
    worst: worstEnd(measure),
    items: rows.map((row) => ({
      round: row.round,
      status: row.status,
      dispersion: byRound.get(row.round)?.dispersion[measure] ?? null,
      num_unnamed: row.num_clients_expected - row.num_named,
    })),
    measures: [...measures].sort((a, b) => first(a) - first(b) || (a < b ? -1 : 1)),
  };
}

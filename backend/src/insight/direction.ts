import type { Direction, RunId } from '@rondo/protocol';
import { outcomeCodes, toNumber } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import type { Range } from '../db/queries/insight.ts';
import type { Columns } from './columns.ts';
import { prepareRounds, readDerivedRounds } from './rounds.ts';

interface RoundDirection {
  /** Null where too little is reported. */
  readonly agreement: number | null;
  readonly n: number;
  /** By client number; they add up to 1. */
  readonly shares: readonly { readonly client: number; readonly share: number }[];
}

/**
 * From norms and cosines alone, for the mean update Δ̄ = Σ wᵢΔᵢ with the clients' shares of the examples as weights:
 *
 *   ‖Δ̄‖ = Σ wᵢ‖Δᵢ‖cosᵢ      agreement ρ = ‖Δ̄‖² / Σ wᵢ‖Δᵢ‖²      share cᵢ = wᵢ‖Δᵢ‖cosᵢ / ‖Δ̄‖
 *
 * because wᵢΔᵢ·Δ̄/‖Δ̄‖ summed over the clients is ‖Δ̄‖. A norm that the FL server reported takes precedence in ρ. [G8]
 */
export function directionOf({ client, outcome, values }: Columns, reportedNorm: number | null): RoundDirection {
  const terms: { client: number; weight: number; norm: number; along: number }[] = [];
  let examples = 0;
  let isWhole = true;
  for (let at = 0; at < client.length; at++) {
    if (outcome[at] !== outcomeCodes.complete) continue;
    const weight = values.sample_count[at] as number;
    const norm = values.update_norm[at] as number;
    const cosine = norm === 0 ? 0 : (values.cosine_to_mean[at] as number);
    if (!Number.isFinite(weight) || !Number.isFinite(norm)) return { agreement: null, n: 0, shares: [] };
    isWhole &&= Number.isFinite(cosine);
    examples += weight;
    terms.push({ client: client[at] as number, weight, norm, along: weight * norm * cosine });
  }
  const n = terms.length;
  const squares = terms.reduce((sum, { weight, norm }) => sum + (weight / examples) * norm * norm, 0);
  if (n < 2 || examples === 0 || !(squares > 0)) return { agreement: null, n, shares: [] };
  const along = isWhole ? terms.reduce((sum, term) => sum + term.along, 0) / examples : Number.NaN;
  const norm = reportedNorm !== null && Number.isFinite(reportedNorm) ? reportedNorm : along;
  const agreement = norm >= 0 ? Math.min(1, (norm * norm) / squares) : null;
  const shares = along > 0 ? terms.map((term) => ({ client: term.client, share: term.along / examples / along })) : [];
  return { agreement, n, shares };
}

export async function readDirection(db: Db, runId: RunId, range: Range): Promise<Direction> {
  const prepared = await prepareRounds(db, runId, range);
  const items: Direction['items'] = [];
  let shares: Direction['shares'] = null;
  for await (const { row, columns } of readDerivedRounds(db, runId, prepared)) {
    const { update_norm = null } = row as { update_norm?: Parameters<typeof toNumber>[0] | null };
    const found = directionOf(columns, update_norm === null ? null : toNumber(update_norm));
    items.push({ round: row.round, agreement: found.agreement, n: found.n });
    if (found.shares.length === 0) continue;
    const named = found.shares.map(({ client, share }) => ({ client_id: prepared.numbers.ids[client], share }));
    shares = {
      round: row.round,
      items: named.flatMap(({ client_id, share }) => (client_id === undefined ? [] : [{ client_id, share }])),
    };
  }
  return { run_id: runId, items, shares };
}

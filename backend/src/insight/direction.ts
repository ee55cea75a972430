import { outcomeCodes } from '@rondo/protocol';
import type { Columns } from './columns.ts';

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

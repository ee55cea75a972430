import { clientMeasures, type Dispersion, toNumber } from '@rondo/protocol';
import type { Part } from './columns.ts';
import { jainIndex, quantileOf } from './statistics.ts';

/** Names of client metrics whose spread is stored, besides the measures that every update may carry. */
const maxMetrics = 32;

/** Which end is the worse one, by the measure's name. */
export function worstEnd(measure: string): 'least' | 'greatest' {
  if (measure === 'cosine_to_mean' || measure === 'cosine_to_previous' || measure === 'sample_count') return 'least';
  if ((clientMeasures as readonly string[]).includes(measure)) return 'greatest';
  return /loss|err|perplex|rmse|mae|mse|ece|norm|time|duration|latency|bytes/i.test(measure) ? 'greatest' : 'least';
}

/** How the parts of one round are spread, by measure; only what a client reported is in it. [G1] */
export function dispersionsOf(parts: readonly Part[]): Record<string, Dispersion> {
  const byName = new Map<string, number[]>();
  const add = (name: string, value: Part[(typeof clientMeasures)[number]] | undefined) => {
    if (value === null || value === undefined) return;
    const values = byName.get(name);
    if (values) values.push(toNumber(value));
    else if (byName.size < clientMeasures.length + maxMetrics) byName.set(name, [toNumber(value)]);
  };
  for (const part of parts) {
    if (part.outcome !== 'complete') continue;
    for (const name of clientMeasures) add(name, part[name]);
  }
  for (const { outcome, metrics } of parts) {
    if (outcome !== 'complete') continue;
    for (const name in metrics) if (!(clientMeasures as readonly string[]).includes(name)) add(name, metrics[name]);
  }
  const spreads: Record<string, Dispersion> = {};
  for (const [name, values] of byName) {
    const spread = dispersionOf(name, values);
    if (spread) spreads[name] = spread;
  }
  return spreads;
}

function dispersionOf(name: string, values: readonly number[]): Dispersion | undefined {
  const sorted = Float64Array.from(values.filter(Number.isFinite)).sort();
  const n = sorted.length;
  if (n === 0) return undefined;
  const worst = Math.ceil(n / 10);
  const tenth = worstEnd(name) === 'greatest' ? sorted.subarray(n - worst) : sorted.subarray(0, worst);
  return {
    n,
    num_not_finite: values.length - n,
    min: sorted[0] as number,
    p10: quantileOf(sorted, 0.1),
    q1: quantileOf(sorted, 0.25),
    median: quantileOf(sorted, 0.5),
    q3: quantileOf(sorted, 0.75),
    p90: quantileOf(sorted, 0.9),
    max: sorted[n - 1] as number,
    worst_tenth_mean: tenth.reduce((sum, value) => sum + value, 0) / worst,
    jain_index: /acc/i.test(name) ? jainIndex(sorted) : null,
  };
}

import type { Series } from '@rondo/protocol';
import type { Line } from '../../charts/types.ts';
import { formatCount, formatNumber, formatTick } from '../../lib/format.ts';
import { tokenOfName } from '../../lib/metric-wall.ts';
import { numberOf } from '../../lib/values.ts';

export const lineOf = (series: Series): Line => ({
  key: JSON.stringify([series.name, series.client_id]),
  label: series.name,
  token: tokenOfName(series.name),
  axis: 'left',
  values: series.value.map(numberOf),
  format: formatNumber,
  formatTick,
});

/** What the chart leaves out, which is never a spike. */
export function describeSampling({ total, sampled, step }: Series): string {
  if (!sampled) return `all ${formatCount(total)} values`;
  return `${formatCount(total)} values as the ${formatCount(step.length)} lowest and highest of their stretches; zoom in for each`;
}

import type { MetricValue } from '@rondo/protocol';
import { formatNumber, formatPercent, noValue } from '../../lib/format.ts';
import { numberOf } from '../../lib/values.ts';

interface MetricTextProps {
  readonly value: MetricValue | null | undefined;
  readonly as?: 'number' | 'share';
}

/** A measured value; a non-finite one by name and in a warning tone, as it nearly always means trouble. */
export function MetricText({ value, as = 'number' }: MetricTextProps) {
  const number = numberOf(value);
  if (number === null) return <span className="text-faint">{noValue}</span>;
  if (!Number.isFinite(number)) return <span className="text-no-reply">{formatNumber(number)}</span>;
  return <>{as === 'share' ? formatPercent(number) : formatNumber(number)}</>;
}

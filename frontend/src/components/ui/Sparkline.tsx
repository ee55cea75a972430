interface SparklineProps {
  readonly values: readonly (number | null)[];
  /** Name of a CSS colour token. */
  readonly token: string;
  readonly label: string;
}

const width = 120;
const height = 20;
const pad = 1.5;

/** A curve without axes, for a row of a table. Gaps stay gaps. */
export function Sparkline({ values, token, label }: SparklineProps) {
  const finite = values.filter((value) => value !== null);
  if (finite.length < 2) return null;
  const min = Math.min(...finite);
  // Halves keep the difference finite for every pair of doubles.
  const span = Math.max(...finite) / 2 - min / 2 || 1;
  const points = values.map((value, at) =>
    value === null
      ? null
      : `${((at / (values.length - 1)) * (width - 2 * pad) + pad).toFixed(1)} ${(height - pad - ((value / 2 - min / 2) / span) * (height - 2 * pad)).toFixed(1)}`,
  );
  const path = points
    .map((point, at) => (point === null ? '' : `${at > 0 && points[at - 1] ? 'L' : 'M'}${point}`))
    .join('');
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${width} ${height}`}
      className="h-5 w-[120px]"
      preserveAspectRatio="none"
    >
      <path d={path} fill="none" stroke={`var(${token})`} strokeWidth="1.5" vectorEffect="non-scaling-stroke" />
    </svg>
  );
}

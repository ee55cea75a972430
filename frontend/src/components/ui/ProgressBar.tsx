interface ProgressBarProps {
  readonly label: string;
  readonly value: number;
  readonly max: number;
  /** What the bar shows, in words. */
  readonly text: string;
}

export function ProgressBar({ label, value, max, text }: ProgressBarProps) {
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={max}
      aria-valuenow={value}
      aria-valuetext={text}
      className="h-1.5 w-full overflow-hidden rounded-full bg-raised"
    >
      <div className="h-full rounded-full bg-accent" style={{ width: `${max === 0 ? 100 : (100 * value) / max}%` }} />
    </div>
  );
}

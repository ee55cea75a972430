import { useStoredChoice } from '../../hooks/useStoredChoice.ts';
import { formatMoment, formatMomentToSecond } from '../../lib/format.ts';
import { timeStyle } from '../../lib/time-style.ts';

/** A moment as the reader wants it; pointing at it shows it to the second. */
export function Moment({ at }: { readonly at: string }) {
  const [style] = useStoredChoice(timeStyle);
  return (
    <time dateTime={at} title={formatMomentToSecond(at, style)}>
      {formatMoment(at, { style })}
    </time>
  );
}

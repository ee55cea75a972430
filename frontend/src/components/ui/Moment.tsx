import { useSyncExternalStore } from 'react';
import { formatMoment, formatMomentToSecond } from '../../lib/format.ts';
import { onTimeStyleChange, readTimeStyle } from '../../lib/time-style.ts';

/** A moment as the reader wants it; pointing at it shows it to the second. */
export function Moment({ at }: { readonly at: string }) {
  const style = useSyncExternalStore(onTimeStyleChange, readTimeStyle);
  return (
    <time dateTime={at} title={formatMomentToSecond(at, style)}>
      {formatMoment(at, { style })}
    </time>
  );
}

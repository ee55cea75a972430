import type { Series } from '@rondo/protocol';

/** The points of a series that had been reported by a moment. */
export function seriesUntil(series: Series, atMs: number): Series {
  const isKnown = series.at.map((moment) => Date.parse(moment) <= atMs);
  if (!isKnown.includes(false)) return series;
  const kept = <T>(column: readonly T[]): T[] => column.filter((_, at) => isKnown[at]);
  return {
    ...series,
    step: kept(series.step),
    value: kept(series.value),
    at: kept(series.at),
    ...(series.x !== undefined && { x: kept(series.x) }),
    total: kept(series.step).length,
  };
}

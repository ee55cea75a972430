import type { Series } from '@rondo/protocol';

/** A series at rising places of the axis; a value without a place is left out. */
export function placedSeries(series: Series): Series {
  const { x } = series;
  if (x === undefined) return series;
  const order = x
    .map((place, at) => ({ place, at }))
    .filter((each): each is { place: number; at: number } => each.place !== null)
    .sort((a, b) => a.place - b.place);
  const take = <T>(values: readonly T[]) => order.map(({ at }) => values[at] as T);
  return {
    ...series,
    step: take(series.step),
    value: take(series.value),
    at: take(series.at),
    x: order.map(({ place }) => place),
  };
}

export const placesOf = ({ step, x }: Series): readonly number[] => (x as readonly number[] | undefined) ?? step;

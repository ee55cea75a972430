/**
 * Exponential moving average with bias correction (Kingma & Ba 2015, section 3), so that early points are not drawn
 * towards zero. `weight` in [0, 1) is how much of the past is kept. A gap stays a gap and leaves the average alone.
 */
export function smooth(values: readonly (number | null)[], weight: number): (number | null)[] {
  let average = 0;
  let mass = 0;
  return values.map((value) => {
    if (value === null) return null;
    average = weight * average + (1 - weight) * value;
    mass = weight * mass + (1 - weight);
    return average / mass;
  });
}

/** Room on both sides, so that an end is seen to be one. */
const reachShare = 1.15;

/** Where an interval is on a bar whose middle is zero, in percent of its width. */
export function intervalPicture(low: number, slope: number, high: number) {
  const reach = Math.max(Math.abs(low), Math.abs(high)) * reachShare;
  const place = (value: number): number => (reach === 0 ? 50 : 50 + (value / reach) * 50);
  return { left: place(low), width: place(high) - place(low), dot: place(slope) };
}

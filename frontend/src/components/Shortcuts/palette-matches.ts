/** The first `most` items whose name contains every word that is wanted, in their order. */
export function firstMatches<T extends { readonly name: string }>(
  items: readonly T[],
  wanted: string,
  most: number,
): T[] {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  const found: T[] = [];
  for (const item of items) {
    if (found.length >= most) break;
    const name = item.name.toLowerCase();
    if (words.every((word) => name.includes(word))) found.push(item);
  }
  return found;
}

/** The round that a text names: `37`, `r37` or `round 37`. */
export function roundIn(wanted: string): number | null {
  const found = /^(?:r|round)?\s*(\d{1,15})$/i.exec(wanted)?.[1];
  return found === undefined ? null : Number(found);
}

/** What one read of a run must have: everything that was acknowledged before it began, each once. */
export interface Claim {
  /** Acknowledged before the read began. */
  readonly acknowledged: Iterable<string>;
  /** Reported before the read ended; nothing else may be there. */
  readonly reported: ReadonlySet<string>;
  /** What the read has, in any order. */
  readonly read: Iterable<string>;
}

export interface Finding {
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  /** Present, though never reported: a value that changed, for example. */
  readonly invented: readonly string[];
}

/** Compares a read with what was acknowledged. Pure, and the same for every fault. */
export function check({ acknowledged, reported, read }: Claim): Finding {
  const counts = new Map<string, number>();
  for (const name of read) counts.set(name, (counts.get(name) ?? 0) + 1);
  return {
    lost: [...acknowledged].filter((name) => !counts.has(name)),
    doubled: [...counts].filter(([, count]) => count > 1).map(([name]) => name),
    invented: [...counts.keys()].filter((name) => !reported.has(name)),
  };
}

const shown = 3;

/** The finding in a line, with a few examples; null if all is well. */
export function describe({ lost, doubled, invented }: Finding): string | null {
  const parts = Object.entries({ lost, doubled, invented }).filter(([, names]) => names.length > 0);
  if (parts.length === 0) return null;
  return parts
    .map(
      ([kind, names]) =>
        `${names.length} ${kind} (${names.slice(0, shown).join(', ')}${names.length > shown ? ', …' : ''})`,
    )
    .join('; ');
}

import type { Outcome } from '@rondo/protocol';

interface Part {
  readonly client_id: string;
  readonly outcome: Outcome;
  readonly error: string | null;
}

export interface ReasonGroup {
  /** The reason with its numbers and addresses taken out: what the members have in common. */
  readonly key: string;
  /** The line that says most, as the first member reported it. */
  readonly title: string;
  readonly count: number;
  /** The reason of the first member, whole. */
  readonly example: string;
}

/** Stands for a reason that was not reported. */
const unsaid = 'no reason was reported';

const most = 120;

/** The line of a reason that says most: the last of a traceback, else the first. */
export function mainLineOf(reason: string): string {
  const lines = reason
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const isTraceback = lines[0]?.startsWith('Traceback (most recent call last)') ?? false;
  return (isTraceback ? lines.at(-1) : lines[0]) ?? unsaid;
}

/** Two failures have one reason when they differ in numbers, addresses and quoted names of threads only. */
export const reasonKeyOf = (reason: string | null): string =>
  reason === null
    ? unsaid
    : mainLineOf(reason)
        .replace(/0x[\da-f]+/gi, '#')
        .replace(/\d+(?:[.,:]\d+)*/g, '#')
        .slice(0, most);

/** Why clients failed, the most frequent reason first. */
export function groupReasons(parts: readonly Part[]): readonly ReasonGroup[] {
  const groups = new Map<string, ReasonGroup>();
  for (const { outcome, error } of parts) {
    if (outcome !== 'failed') continue;
    const key = reasonKeyOf(error);
    const known = groups.get(key);
    groups.set(key, {
      key,
      title: known?.title ?? (error === null ? unsaid : mainLineOf(error)),
      example: known?.example ?? error ?? unsaid,
      count: (known?.count ?? 0) + 1,
    });
  }
  return [...groups.values()].sort((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1));
}

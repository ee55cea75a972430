/** Characters that divide a metric's name into its section and its own part. */
const dividers = /[/.]/;

export interface WallSection {
  readonly key: string;
  readonly title: string;
  readonly names: readonly string[];
}

export type NameFilter =
  | { readonly state: 'all' | 'some'; readonly names: readonly string[] }
  | { readonly state: 'broken'; readonly problem: string };

/** Names that hold a text, whatever its case, or that a `/regular expression/` matches. */
export function filterNames(names: readonly string[], query: string): NameFilter {
  const text = query.trim();
  if (text === '') return { state: 'all', names };
  const expression = /^\/(.*)\/([iu]*)$/.exec(text);
  if (expression === null) {
    const wanted = text.toLowerCase();
    return { state: 'some', names: names.filter((name) => name.toLowerCase().includes(wanted)) };
  }
  try {
    const pattern = new RegExp(expression[1] ?? '', expression[2]);
    return { state: 'some', names: names.filter((name) => pattern.test(name)) };
  } catch (error) {
    return { state: 'broken', problem: error instanceof Error ? error.message : String(error) };
  }
}

/** The part of a name before its first divider; names without one share a section. */
export function prefixOf(name: string): string {
  const at = name.search(dividers);
  return at <= 0 ? '' : name.slice(0, at);
}

/** What is pinned comes first, then a section for each prefix, in the order of their names. */
export function sectionsOf(names: readonly string[], pins: readonly string[]): readonly WallSection[] {
  const known = new Set(names);
  const pinned = pins.filter((name) => known.has(name));
  const byPrefix = new Map<string, string[]>();
  for (const name of names) {
    const prefix = prefixOf(name);
    byPrefix.set(prefix, [...(byPrefix.get(prefix) ?? []), name]);
  }
  const prefixes = [...byPrefix.keys()].sort((a, b) => (a < b ? -1 : 1));
  return [
    ...(pinned.length > 0 ? [{ key: 'pinned', title: 'Pinned', names: pinned }] : []),
    ...prefixes.map((prefix) => ({
      key: `prefix ${prefix}`,
      title: prefix === '' ? (prefixes.length > 1 ? 'Without a prefix' : 'Metrics') : prefix,
      names: byPrefix.get(prefix) ?? [],
    })),
  ];
}

/** What the wall scrolls over: headings, and blocks of cards whose series are fetched in one request. */
export type WallItem =
  | { readonly kind: 'heading'; readonly section: WallSection; readonly isFolded: boolean }
  | { readonly kind: 'block'; readonly key: string; readonly names: readonly string[] };

/** Rows of cards in a block. */
const blockRows = 3;

export function wallItems(
  sections: readonly WallSection[],
  folded: ReadonlySet<string>,
  columns: number,
): readonly WallItem[] {
  const items: WallItem[] = [];
  const size = columns * blockRows;
  for (const section of sections) {
    const isFolded = folded.has(section.key);
    items.push({ kind: 'heading', section, isFolded });
    for (let at = 0; at < section.names.length && !isFolded; at += size) {
      items.push({ kind: 'block', key: `${section.key} ${at}`, names: section.names.slice(at, at + size) });
    }
  }
  return items;
}

export const cardHeight = 136;
export const cardGap = 8;
export const headingHeight = 40;

export function heightOf(item: WallItem, columns: number): number {
  if (item.kind === 'heading') return headingHeight;
  return Math.ceil(item.names.length / columns) * (cardHeight + cardGap);
}

/** Cards of at least 220 pixels. */
export const columnsFor = (width: number): number =>
  Math.max(1, Math.min(5, Math.floor((width + cardGap) / (220 + cardGap))));

const tokens = 8;

/** A name has one colour, whatever else is shown. */
export function tokenOfName(name: string): string {
  if (/loss/i.test(name)) return '--loss';
  if (/acc/i.test(name)) return '--accuracy';
  let hash = 0;
  for (const sign of name) hash = (hash * 31 + (sign.codePointAt(0) ?? 0)) % 9_973;
  return `--series-${(hash % tokens) + 1}`;
}

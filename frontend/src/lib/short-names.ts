/** As many characters as a card has room for. */
const longestCard = 9;

/**
 * Names cut to the part in which siblings differ: `gw-007.plant-a` and `gw-008.plant-a` become `007` and `008`. Names
 * that fit stay whole. [B18]
 */
export function shortNames(names: readonly string[]): (name: string) => string {
  const longest = names.reduce((length, name) => Math.max(length, name.length), 0);
  if (longest <= longestCard || names.length < 2) return (name) => name;
  const start = atBoundary(
    commonLength(names, (name, at) => name[at]),
    names[0] as string,
  );
  const rest = names.map((name) => name.slice(start));
  const end = commonLength(rest, (name, at) => name[name.length - 1 - at]);
  const cutEnd = endAtBoundary(end, rest[0] as string);
  return (name) => {
    const middle = name.slice(start, cutEnd === 0 ? undefined : -cutEnd);
    return middle === '' ? name : middle;
  };
}

function commonLength(names: readonly string[], charAt: (name: string, at: number) => string | undefined): number {
  const shortest = names.reduce((length, name) => Math.min(length, name.length), Number.MAX_SAFE_INTEGER);
  let length = 0;
  while (length < shortest - 1 && names.every((name) => charAt(name, length) === charAt(names[0] as string, length))) {
    length++;
  }
  return length;
}

const isWord = (character: string | undefined): boolean => character !== undefined && /[\p{L}\p{N}]/u.test(character);

/** A number or a word is never cut in two. */
function atBoundary(length: number, name: string): number {
  let at = length;
  while (at > 0 && isWord(name[at - 1]) && isWord(name[at])) at--;
  return at;
}

function endAtBoundary(length: number, name: string): number {
  let kept = length;
  while (kept > 0 && isWord(name[name.length - kept]) && isWord(name[name.length - kept - 1])) kept--;
  return kept;
}

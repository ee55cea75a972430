type Compare = (a: string, b: string) => number;

// Made once: to make a collator costs more than a comparison.
const { compare: byNumbers } = new Intl.Collator('en', { numeric: true });
const byText: Compare = (a, b) => (a < b ? -1 : Number(a > b));

/** The order of a list of names: c2 before c10, but ids of hexadecimal digits by their text. [B13] */
export function orderOfNames(names: readonly string[]): Compare {
  const length = names[0]?.length;
  const areHexadecimal = names.every((name) => name.length === length && /^(?:[\da-f]{4,}|[\dA-F]{4,})$/.test(name));
  return areHexadecimal ? byText : byNumbers;
}

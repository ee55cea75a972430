/** The reader's language and region, for numbers and dates alike. [B16] */
export const readLocale = (): string => navigator.language;

// Made once: to make a format costs a thousand times more than to use it.
const formats = new Map<string, Intl.NumberFormat>();

/** A number with exactly so many decimals, grouped and separated as the reader's language does. */
export function formatDecimals(value: number, decimals: number): string {
  const locale = readLocale();
  const key = `${locale} ${decimals}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.NumberFormat(locale, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    formats.set(key, format);
  }
  return format.format(value);
}

/** Puts the reader's decimal separator into a number that was written with a point. */
export const localizePoint = (text: string): string => text.replace('.', formatDecimals(0.5, 1)[1] as string);

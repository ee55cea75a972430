/** Scripts of one name: any one of these, with digits and signs, which belong to all. */
const scripts = [
  'Latin',
  'Greek',
  'Cyrillic',
  'Armenian',
  'Georgian',
  'Hebrew',
  'Arabic',
  'Syriac',
  'Thaana',
  'Ethiopic',
  'Devanagari',
  'Bengali',
  'Gurmukhi',
  'Gujarati',
  'Oriya',
  'Tamil',
  'Telugu',
  'Kannada',
  'Malayalam',
  'Sinhala',
  'Thai',
  'Lao',
  'Tibetan',
  'Myanmar',
  'Khmer',
  'Mongolian',
  'Cherokee',
].map((script) => [script]);
/** Scripts that one language mixes, as UTS 39 lists them. */
const mixed = [
  ['Latin', 'Han', 'Hiragana', 'Katakana'],
  ['Latin', 'Han', 'Bopomofo'],
  ['Latin', 'Han', 'Hangul'],
];

const oneLanguage = [...scripts, ...mixed].map((names) => {
  const classes = [...names, 'Common', 'Inherited'].map((name) => `\\p{Script_Extensions=${name}}`);
  return new RegExp(`^[${classes.join('')}]+$`, 'u');
});

/** Control characters, line separators, and code points that show nothing, such as zero-width and bidirectional marks. */
const unseen = /[\p{Cc}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
export const hasUnseen = (text: string): boolean => unseen.test(text);

/** True if a name has only one spelling, and no letters that look like those of another script. [P7] */
export const isUnmistakable = (name: string): boolean =>
  !hasUnseen(name) && name === name.normalize('NFKC') && oneLanguage.some((language) => language.test(name));

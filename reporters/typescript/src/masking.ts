const masked = '***';

/** A key whose last word is one of these holds a secret. `protocol/fixtures/masking.json` has the lists. [R32] */
export const lastWords: ReadonlySet<string> = new Set(
  'apikey authorization bearer credential credentials jwt passphrase passwd password pwd secret secrets token'.split(
    ' ',
  ),
);
/** The same for its last two words. */
export const lastPairs: ReadonlySet<string> = new Set([
  'access key',
  'account key',
  'api key',
  'auth key',
  'private key',
  'secret key',
]);
/** A `token` after one of these is part of a vocabulary. */
export const vocabulary: ReadonlySet<string> = new Set(
  'add audio begin bos class cls end eos image mask next pad prefix sep special start suffix unk use video'.split(' '),
);

const wordPattern = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g;
const userInfo = /([A-Za-z][A-Za-z0-9+.-]{0,30}:\/\/)([^\s/?#]{1,2000})@/g;
const assignment = /([?&;]|--)([\p{L}\p{N}_.%-]{1,100})=([^&;\s#]+)/gu;
const maxDepth = 64;

interface MaskingOptions {
  readonly isOn?: boolean;
  /** Keys that hold secrets beside the usual ones, regardless of case and of `-` against `_`. */
  readonly moreKeys?: readonly string[];
}

/** Replaces secrets before anything is written or sent. [R32] */
export class Masking {
  readonly #isOn: boolean;
  readonly #more: ReadonlySet<string>;

  constructor({ isOn = true, moreKeys = [] }: MaskingOptions = {}) {
    this.#isOn = isOn;
    this.#more = new Set(moreKeys.map((key) => wordsOf(key).join(' ')).filter((key) => key !== ''));
  }

  isSecret(key: string): boolean {
    const words = wordsOf(key);
    if (this.#more.has(words.join(' '))) return true;
    const last = words.at(-1);
    if (last === undefined) return false;
    const before = words.at(-2);
    if (last === 'token' && before !== undefined && vocabulary.has(before)) return false;
    return lastWords.has(last) || lastPairs.has(`${before} ${last}`);
  }

  /** Plain JSON data without its secrets. */
  mask(value: unknown): unknown {
    return this.#isOn ? this.#mask(value, maxDepth) : value;
  }

  /** The text without the passwords and the secret parameters of its URLs. */
  maskText(text: string): string {
    if (!this.#isOn) return text;
    let clean = text;
    if (clean.includes('://')) clean = clean.replace(userInfo, withoutPassword);
    if (clean.includes('=')) {
      clean = clean.replace(assignment, (_, lead: string, key: string, value: string) => {
        return `${lead}${key}=${this.isSecret(key) ? masked : value}`;
      });
    }
    return clean;
  }

  #mask(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return this.maskText(value);
    if (depth <= 0 || typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((item) => this.#mask(item, depth - 1));
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#maskEntry(key, item, depth - 1)]));
  }

  #maskEntry(key: string, value: unknown, depth: number): unknown {
    if (value === null || typeof value === 'boolean' || value === '') return value;
    return this.isSecret(key) ? masked : this.#mask(value, depth);
  }
}

/** The masking of the options, else of `RONDO_MASK` and `RONDO_MASK_KEYS`. Never throws. [R1] */
export function createMasking(
  { mask, maskKeys }: { readonly mask?: boolean; readonly maskKeys?: readonly string[] },
  env: Readonly<Record<string, string | undefined>>,
): Masking {
  const isOff = ['off', '0', 'false'].includes((env.RONDO_MASK ?? '').trim().toLowerCase());
  const given = typeof maskKeys === 'string' ? [maskKeys] : Array.isArray(maskKeys) ? maskKeys : [];
  const moreKeys = [...given, ...(env.RONDO_MASK_KEYS ?? '').split(',')].filter((key) => typeof key === 'string');
  return new Masking({ isOn: mask !== false && !isOff, moreKeys });
}

const wordsOf = (key: string): string[] =>
  key
    .slice(-200)
    .match(wordPattern)
    ?.map((word) => word.toLowerCase()) ?? [];

function withoutPassword(_: string, scheme: string, userInfo: string): string {
  const colon = userInfo.indexOf(':');
  if (colon >= 0) return `${scheme}${userInfo.slice(0, colon)}:${masked}@`;
  // `https://<token>@host`; but `ssh://git@host` names a user.
  return `${scheme}${scheme.toLowerCase().startsWith('http') ? masked : userInfo}@`;
}

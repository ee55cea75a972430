import type { ByteRange } from './store.ts';

/**
 * The bytes that a `Range` asks for (RFC 9110, section 14): null for all of them, which is also the answer to what this
 * does not understand or serve, such as several ranges at once.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | null {
  const parts = /^bytes=(?<first>\d*)-(?<last>\d*)$/i.exec(header?.replaceAll(/\s/g, '') ?? '')?.groups;
  if (!parts || (parts.first === '' && parts.last === '')) return null;
  const last = parts.last === '' ? size - 1 : Number(parts.last);
  if (parts.first === '') return last === 0 || size === 0 ? 'unsatisfiable' : suffix(last, size);
  const start = Number(parts.first);
  if (parts.last !== '' && last < start) return null;
  return start >= size ? 'unsatisfiable' : { start, end: Math.min(last, size - 1) };
}

const suffix = (bytes: number, size: number): ByteRange => ({ start: Math.max(0, size - bytes), end: size - 1 });

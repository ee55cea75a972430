import { hash } from 'node:crypto';

/** Text that every store can keep, cut to `max` UTF-16 units with an ellipsis. [R3] */
export function clipText(text: string, max: number): string {
  const clean = toStorable(text);
  return clean.length <= max ? clean : `${cutBefore(clean, max - 1)}…`;
}

/**
 * Like `clipText`, for text that identifies something: the end that is cut off is replaced by 12 hex digits of the
 * SHA-256 of the whole, so that two long ids with one beginning stay distinct. Invisible characters are written as
 * code points. [R3]
 */
export function clipId(id: string, max: number): string {
  const clean = toSeen(toStorable(id));
  return clean.length <= max ? clean : `${cutBefore(clean, max - 13)}~${hash('sha256', clean).slice(0, 12)}`;
}

const unseen = /[\p{Cc}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
const written = (character: string) => `\\u{${character.codePointAt(0)?.toString(16)}}`;

function toSeen(id: string): string {
  if (id === '.' || id === '..') return written('.').repeat(id.length);
  return id.replace(unseen, written);
}

function toStorable(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '\uFFFD').toWellFormed() : text.toWellFormed();
}

/** Never leaves the first half of a surrogate pair at the end. */
function cutBefore(text: string, end: number): string {
  const unit = text.charCodeAt(end - 1);
  return text.slice(0, unit >= 0xd800 && unit <= 0xdbff ? end - 1 : end);
}

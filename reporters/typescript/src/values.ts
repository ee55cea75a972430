import { limits } from '@rondo/protocol';
import { clipId } from './storable.ts';

/** A value as a number, or the reason why it is not one. */
type MaybeNumber = { readonly value: number } | { readonly problem: string };

/** The values in a record of metrics. */
interface Values {
  /** The last value of each metric. */
  readonly numbers: Record<string, number>;
  /** All values of the metrics that were given as a list, oldest first. */
  readonly points: Record<string, readonly number[]>;
  /** The reason for each metric, or part of one, that was left out. */
  readonly problems: Record<string, string>;
}

/** A list over this bound keeps its last values. */
const maxPoints = 10_000;
const maxDepth = 8;
const maxNames = 4 * limits.entries;
// JSON has no other form for them, so programs may already have written them so. [W2]
const wireWords: ReadonlyMap<unknown, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

/** A number for numbers, big integers, booleans, boxed and decimal numbers, and arrays with one element. Never throws. [R29] */
export function toNumber(value: unknown): MaybeNumber {
  try {
    return readNumber(value, maxDepth);
  } catch (error) {
    return { problem: `cannot be read as a number: ${nameOf(error)}` };
  }
}

/** Nested maps become `a/b`, and a list becomes points whose last one is the value. Never throws. [R29] */
export function readValues(record: unknown): Values {
  const found: Values = { numbers: named(), points: named(), problems: named() };
  try {
    if (isMap(record)) readMap(record, '', maxDepth, found);
    else if (record !== undefined && record !== null) found.problems.metrics = `are not a map but ${kindOf(record)}`;
  } catch (error) {
    found.problems.metrics = `cannot be read: ${nameOf(error)}`;
  }
  return found;
}

/** Without a prototype: a metric may be called `constructor`. */
const named = <T>(): Record<string, T> => Object.create(null);

function readNumber(value: unknown, depth: number): MaybeNumber {
  if (typeof value === 'number') return { value };
  if (typeof value === 'bigint' || typeof value === 'boolean') return { value: Number(value) };
  const word = wireWords.get(value);
  if (word !== undefined) return { value: word };
  const items = itemsOf(value);
  if (items !== null && items.length === 1 && depth > 0) return readNumber(items[0], depth - 1);
  if (typeof value === 'object' && value !== null && !(value instanceof Date) && items === null) {
    const inner: unknown =
      'toNumber' in value && typeof value.toNumber === 'function' ? value.toNumber() : value.valueOf();
    if (typeof inner === 'number' || typeof inner === 'bigint' || typeof inner === 'boolean')
      return { value: Number(inner) };
  }
  return { problem: `is not a number but ${kindOf(value)}` };
}

function readMap(record: object, prefix: string, depth: number, found: Values): void {
  for (const [key, value] of entriesOf(record)) {
    if (value === undefined || value === null) continue;
    if (Object.keys(found.numbers).length + Object.keys(found.problems).length >= maxNames) {
      found.problems.metrics = `are more than ${maxNames}; the rest is left out`;
      return;
    }
    const name = clipId(prefix === '' ? key : `${prefix}/${key}`, limits.name);
    try {
      readOne(name, value, depth, found);
    } catch (error) {
      found.problems[name] = `cannot be read: ${nameOf(error)}`;
    }
  }
}

function readOne(name: string, value: unknown, depth: number, found: Values): void {
  if (name === '__proto__') {
    found.problems[name] = 'has a name that no map of JSON may have';
    return;
  }
  if (isMap(value)) {
    if (depth <= 1) found.problems[name] = `is nested more than ${maxDepth} levels deep`;
    else readMap(value, name, depth - 1, found);
    return;
  }
  const items = itemsOf(value);
  if (items !== null) {
    readList(name, items, found);
    return;
  }
  const number = toNumber(value);
  if ('value' in number) found.numbers[name] = number.value;
  else found.problems[name] = number.problem;
}

function readList(name: string, items: ArrayLike<unknown>, found: Values): void {
  if (items.length === 0) {
    found.problems[name] = 'is an empty list';
    return;
  }
  if (items.length > maxPoints) found.problems[name] = `has ${items.length} values; the last ${maxPoints} are kept`;
  const read = Array.from({ length: Math.min(items.length, maxPoints) }, (_, index) =>
    toNumber(items[Math.max(0, items.length - maxPoints) + index]),
  );
  const points = read.flatMap((number) => ('value' in number ? [number.value] : []));
  const bad = read.filter((number) => 'problem' in number);
  if (bad[0]) {
    found.problems[name] = `has ${bad.length} of ${read.length} values left out: the first one ${bad[0].problem}`;
  }
  const last = points.at(-1);
  if (last === undefined) return;
  found.numbers[name] = last;
  // One value, as an array: a number, whatever its shape.
  if (items.length > 1 || Array.isArray(items)) found.points[name] = points;
}

function itemsOf(value: unknown): ArrayLike<unknown> | null {
  if (Array.isArray(value)) return value;
  return ArrayBuffer.isView(value) && !(value instanceof DataView) ? (value as unknown as ArrayLike<unknown>) : null;
}

/** A plain object, an instance without a number of its own, or a `Map`. */
function isMap(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || value instanceof Date || itemsOf(value) !== null) return false;
  if (value instanceof Map) return true;
  if ('toNumber' in value && typeof value.toNumber === 'function') return false;
  // An instance without fields of its own may still be a number, and is named if it is not.
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null && Object.keys(value).length === 0) return false;
  return !(value instanceof Number || value instanceof Boolean || value instanceof String || value instanceof DataView);
}

function* entriesOf(record: object): Generator<[string, unknown]> {
  if (record instanceof Map) {
    for (const [key, value] of record) yield [String(key), value];
    return;
  }
  for (const key of Object.keys(record)) {
    try {
      yield [key, (record as Record<string, unknown>)[key]];
    } catch (error) {
      yield [key, error]; // A getter that throws costs its own value only.
    }
  }
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string' || value instanceof String) return 'a text';
  const items = itemsOf(value);
  if (items !== null) return `a list of ${items.length} values`;
  return typeof value === 'object' ? (value.constructor?.name ?? 'an object') : `a ${typeof value}`;
}

function nameOf(error: unknown): string {
  try {
    return String(error).slice(0, 200);
  } catch {
    return 'an error without a text';
  }
}

import { limits } from '@rondo/protocol';
import { clipText } from './storable.ts';

/**
 * Copies any value as plain JSON data: non-finite numbers as strings, no NUL or broken Unicode, at most `depth` levels.
 * Values that JSON cannot express (functions, symbols) become `undefined`. [R3]
 */
function toPlain(value: unknown, depth: number): unknown {
  // A cycle through several references would fan out within the depth; no JSON of the permitted size has more values.
  let budget = limits.configBytes;

  const copy = (inner: unknown, left: number): unknown => {
    if (budget-- <= 0) return '…';
    switch (typeof inner) {
      case 'string':
        return clipText(inner, limits.configBytes);
      case 'number':
        return Number.isFinite(inner) ? inner : String(inner);
      case 'boolean':
        return inner;
      case 'bigint':
        return String(inner);
      case 'object':
        return inner === null ? null : copyObject(inner, left);
      default:
        return undefined;
    }
  };

  const copyObject = (object: object, left: number): unknown => {
    if ('toJSON' in object && typeof object.toJSON === 'function') return copy(object.toJSON(), left);
    if (left <= 0) return '…';
    if (Array.isArray(object)) return object.map((item) => copy(item, left - 1) ?? null);
    const result: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(object)) {
      const plain = copy(item, left - 1);
      if (plain !== undefined) result[clipText(key, limits.configBytes)] = plain;
    }
    return result;
  };

  return copy(value, depth);
}

/** A `config{}` within the limits: where it is too large, the largest entries give way to a note of their size. [R3] */
export function toConfig(value: unknown): unknown {
  const config = toPlain(value, limits.configDepth);
  if (!isRecord(config)) return config;
  const sizes = Object.entries(config).map(([key, entry]) => ({
    key,
    size: JSON.stringify(entry).length + key.length,
  }));
  // Commas, colons and quotes: at most six characters per entry.
  let total = sizes.reduce((sum, { size }) => sum + size + 6, 2);
  for (const { key, size } of sizes.sort((a, b) => b.size - a.size)) {
    if (total <= limits.configBytes) break;
    config[key] = `(left out: ${size} characters)`;
    total -= size - key.length - String(config[key]).length - 2;
  }
  return config;
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

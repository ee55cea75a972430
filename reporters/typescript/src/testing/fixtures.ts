import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../../../../protocol/fixtures');

/** The cases that the reporters of both languages must agree on. */
export const readFixture = <T>(name: string): T => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));

type Stand =
  | { $: 'number' | 'integer'; is: string }
  | { $: 'repeat'; text: string; times: number }
  | { $: 'join'; parts: unknown[] }
  | { $: 'entries'; count: number }
  | { $: 'entry'; key: unknown; value: unknown }
  | { $: 'nest'; depth: number };

/** The values that objects with `$` stand for. */
export function revive(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(revive);
  if ('$' in value) return stoodFor(value as Stand);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, revive(inner)]));
}

function stoodFor(stand: Stand): unknown {
  switch (stand.$) {
    case 'number':
      return Number(stand.is);
    case 'integer':
      return BigInt(stand.is);
    case 'repeat':
      return stand.text.repeat(stand.times);
    case 'join':
      return stand.parts.map(revive).join('');
    case 'entries':
      return Object.fromEntries(Array.from({ length: stand.count }, (_, index) => [`m${index}`, index]));
    case 'entry':
      return { [String(revive(stand.key))]: stand.value };
    case 'nest':
      return Array.from({ length: stand.depth }).reduce((inner) => ({ inner }), 'end');
    default:
      return stand satisfies never;
  }
}

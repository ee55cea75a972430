import { limits } from '@rondo/protocol';
import type { ReportedFact } from './event.ts';

/**
 * The frequent facts, copied where they certainly have a wire form; `null` for any other, which is checked at once. A copy
 * takes less than a microsecond, and touches little code and memory: after a step of training, all of it is cold. [R1]
 */

/** Longer texts are checked at once, so that what waits to be encoded stays small. */
const maxText = 1_000;
const maxMetrics = 16;
const levels: ReadonlySet<string> = new Set(['debug', 'info', 'warning', 'error', 'critical']);
const countFields = ['round', 'sample_count', 'bytes_up', 'bytes_down'] as const;
const numberFields = ['train_loss', 'update_norm', 'cosine_to_mean', 'cosine_to_previous'] as const;
const resultFields: ReadonlySet<string> = new Set([
  'client_id',
  'metrics',
  'duration_ms',
  ...countFields,
  ...numberFields,
]);

interface Where {
  readonly step?: number;
  readonly round?: number;
  readonly client_id?: string;
}

export function plainMetric(name: string, value: number, where: Where): ReportedFact | null {
  if (!isName(name) || typeof value !== 'number' || (where as { at?: unknown }).at !== undefined) return null;
  const { step, round, client_id } = where;
  if (step === undefined && round === undefined) return null;
  if (!isCount(step) || !isCount(round) || !isClient(client_id)) return null;
  return { type: 'metric', name, value, step, round, client_id };
}

export function plainLog(level: string, message: string, about?: { client_id?: string }): ReportedFact | null {
  if (!levels.has(level) || typeof message !== 'string' || message.length > maxText) return null;
  if (about === undefined) return { type: 'log', level: level as 'info', message };
  if ((about as { at?: unknown }).at !== undefined || !isClient(about.client_id)) return null;
  return { type: 'log', level: level as 'info', message, client_id: about.client_id };
}

export function plainResult(given: Readonly<Record<string, unknown>>): ReportedFact | null {
  const copy: Record<string, unknown> = { type: 'client_result' };
  for (const field in given) {
    if (field === 'type') continue;
    if (!resultFields.has(field)) return null;
    copy[field] = given[field];
  }
  if (copy.client_id === undefined || !isClient(copy.client_id)) return null;
  if (copy.round === undefined || copy.sample_count === undefined) return null;
  for (const field of countFields) if (!isCount(copy[field])) return null;
  for (const field of numberFields) if (copy[field] !== undefined && typeof copy[field] !== 'number') return null;
  const { duration_ms, metrics } = copy;
  if (duration_ms !== undefined && !(typeof duration_ms === 'number' && duration_ms >= 0 && duration_ms < Infinity))
    return null;
  if (metrics !== undefined) {
    const numbers = plainNumbers(metrics);
    if (numbers === null) return null;
    copy.metrics = numbers;
  }
  return copy as unknown as ReportedFact;
}

/** A copy of a plain object of a few numbers. */
function plainNumbers(given: unknown): Record<string, number> | null {
  if (typeof given !== 'object' || given === null || Object.getPrototypeOf(given) !== Object.prototype) return null;
  const copy: Record<string, number> = {};
  let count = 0;
  for (const name in given) {
    const value = (given as Record<string, unknown>)[name];
    if (++count > maxMetrics || typeof value !== 'number' || !isName(name) || name === '__proto__') return null;
    copy[name] = value;
  }
  return copy;
}

const isName = (name: unknown): name is string =>
  typeof name === 'string' && name.length > 0 && name.length <= limits.name;

const isClient = (id: unknown): boolean =>
  id === undefined || (typeof id === 'string' && id.length > 0 && id.length <= limits.clientId);

const isCount = (value: unknown): boolean =>
  value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0);

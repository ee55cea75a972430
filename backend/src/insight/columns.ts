import { type ClientId, clientMeasures, type Metrics, missingBits, outcomeCodes, toNumber } from '@rondo/protocol';
import type { clientUpdates } from '../db/schema.ts';
import type { RoundCosts } from '../db/tables/insight.ts';

export const storedMeasures = [...clientMeasures, 'cosine_to_previous'] as const;
export type StoredMeasure = (typeof storedMeasures)[number];

/** The values derived from one client update. */
export type Part = Pick<
  typeof clientUpdates.$inferSelect,
  'client_id' | 'outcome' | 'attempt' | 'metrics' | 'submitted_at' | StoredMeasure
>;

/** The parts of one round as columns of one length; a missing value has the bits `missingBits`. */
export interface Columns {
  /** Numbers in the run's list of clients. */
  readonly client: Uint32Array<ArrayBuffer>;
  readonly outcome: Uint8Array<ArrayBuffer>;
  readonly flags: Uint8Array<ArrayBuffer>;
  readonly values: Readonly<Record<StoredMeasure, Float32Array<ArrayBuffer>>>;
}

export const flag = {
  /** A metric of its own is NaN or infinite. */
  metricNotFinite: 1,
  /** Its result came after the round's end. */
  late: 2,
} as const;

export function toColumns(
  parts: readonly Part[],
  indexOf: (client: ClientId) => number,
  completedAt: string | null,
): Columns {
  const n = parts.length;
  const values = Object.fromEntries(storedMeasures.map((name) => [name, new Float32Array(n)])) as Record<
    StoredMeasure,
    Float32Array<ArrayBuffer>
  >;
  const columns = { client: new Uint32Array(n), outcome: new Uint8Array(n), flags: new Uint8Array(n), values };
  for (const [at, part] of parts.entries()) {
    columns.client[at] = indexOf(part.client_id);
    columns.outcome[at] = outcomeCodes[part.outcome];
    const isLate = completedAt !== null && part.outcome === 'complete' && (part.submitted_at ?? '') > completedAt;
    columns.flags[at] = (hasNotFinite(part.metrics) ? flag.metricNotFinite : 0) | (isLate ? flag.late : 0);
  }
  for (const name of storedMeasures) {
    const column = values[name];
    const bits = bitsOf(column);
    for (const [at, part] of parts.entries()) {
      const value = part[name];
      if (value === null || value === undefined) bits[at] = missingBits;
      else column[at] = Number(value);
    }
  }
  return columns;
}

function hasNotFinite(metrics: Metrics): boolean {
  for (const name in metrics) if (typeof metrics[name] === 'string') return true;
  return false;
}

export const bitsOf = (column: Float32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> =>
  new Uint32Array(column.buffer, column.byteOffset, column.length);

/** True if nothing was reported. */
export const missing = (column: Float32Array<ArrayBuffer>, at: number): boolean => bitsOf(column)[at] === missingBits;

/** True if a reported value is NaN or infinite. */
export const isNotFinite = (column: Float32Array<ArrayBuffer>, bits: Uint32Array, at: number): boolean =>
  bits[at] !== missingBits && !Number.isFinite(column[at]);

export function sumsOf(parts: readonly Part[]): RoundCosts {
  const sum = (name: 'duration_ms' | 'bytes_up' | 'bytes_down' | 'sample_count') =>
    parts.reduce((total, part) => total + (part[name] === null ? 0 : toNumber(part[name])), 0);
  return {
    client_ms: sum('duration_ms'),
    bytes_up: sum('bytes_up'),
    bytes_down: sum('bytes_down'),
    examples: sum('sample_count'),
  };
}

import { z } from 'zod';
import { boundedRecord } from './bounded.ts';
import { limits } from './limits.ts';
import { hasUnseen } from './look-alikes.ts';

/** Text that every store can keep: no NUL (PostgreSQL refuses it) and no half of a surrogate pair. [W3] */
const storable = (text: string) => !text.includes('\0') && text.isWellFormed();

const storableText = z.string().refine(storable, 'must not contain NUL or broken Unicode');

/** Text of `min` to `max` characters that every store can keep. */
export const text = (max: number, min = 0) =>
  storableText.check(
    z.minLength(min, `must have ${min} to ${max} characters`),
    z.maxLength(max, `must have ${min} to ${max} characters`),
  );

export const runIdSchema = text(limits.id, 1).brand('RunId');
export const clientIdSchema = text(limits.clientId, 1).brand('ClientId');
export const reporterIdSchema = text(limits.id, 1).brand('ReporterId');
export const modelVersionSchema = text(limits.id, 1).brand('ModelVersion');
/** An id that can be typed, and read in an address. [O1] */
export const projectIdSchema = text(limits.projectId, 1)
  .regex(/^[a-z0-9][a-z0-9_-]*$/, 'must begin with a letter or digit, and have only a-z, 0-9, _ and -')
  .brand('ProjectId');

/** A new id: every character is visible. Stored ids stay readable. [W5] */
const seen = (id: string) => !storable(id) || !hasUnseen(id);
const seenRule = 'must not contain control or invisible characters';
export const newClientIdSchema = text(limits.clientId, 1).refine(seen, seenRule).brand('ClientId');
export const newRunIdSchema = text(limits.id, 1)
  .refine(seen, seenRule)
  .refine((id) => id !== '.' && id !== '..', 'must not be . or .., which browsers remove from an address')
  .brand('RunId');

export type RunId = z.infer<typeof runIdSchema>;
export type ClientId = z.infer<typeof clientIdSchema>;
export type ReporterId = z.infer<typeof reporterIdSchema>;
export type ModelVersion = z.infer<typeof modelVersionSchema>;
export type ProjectId = z.infer<typeof projectIdSchema>;

/** The project that always exists. [O1] */
export const defaultProject = 'default' as ProjectId;

/** A moment as ISO 8601 with its offset; always kept and shown in UTC, to the millisecond. [W1] */
export const momentSchema = z.iso
  .datetime({ offset: true, error: 'must be an ISO 8601 time with an offset, such as 2026-01-31T12:00:00Z' })
  .refine((moment) => !Number.isNaN(Date.parse(moment)), 'must be a moment that exists')
  .refine(isOfFourDigitYear, 'must be in the years 1970 to 9999')
  // zod also calls this with text that an earlier check refused.
  .overwrite((moment) => (Number.isNaN(Date.parse(moment)) ? moment : new Date(moment).toISOString()));

/** In UTC. PostgreSQL has no year 0, and moments of five-digit years do not sort as text. */
function isOfFourDigitYear(moment: string): boolean {
  const year = new Date(moment).getUTCFullYear();
  return Number.isNaN(year) || (year >= 1970 && year <= 9999);
}

/** A measured number. JSON has no NaN or infinity, so these three travel as strings. [W2] */
export const metricValueSchema = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])], {
  error: 'must be a number, "NaN", "Infinity" or "-Infinity"',
});
export type MetricValue = z.infer<typeof metricValueSchema>;

/** Converts a wire value to a number. */
export const toNumber = (value: MetricValue): number => Number(value);

/** The wire form of any number, non-finite ones as strings. [W2] */
export const toMetricValue = (value: number): MetricValue =>
  Number.isFinite(value) ? value : (String(value) as 'NaN' | 'Infinity' | '-Infinity');

const entries = <V extends z.ZodType>(value: V) => boundedRecord(text(limits.name, 1), value, limits.entries);

/** Values by name. Names are data, never schema. */
export const metricsSchema = entries(metricValueSchema);
export type Metrics = z.infer<typeof metricsSchema>;

export const labelsSchema = entries(text(limits.name));
export type Labels = z.infer<typeof labelsSchema>;

/** Any JSON object of bounded size and depth. */
export const configSchema = z.record(z.string(), z.unknown()).superRefine((config, context) => {
  if (!isShallow(config, limits.configDepth)) return context.addIssue(`must nest at most ${limits.configDepth} deep`);
  const json = JSON.stringify(config);
  if (json.length > limits.configBytes) context.addIssue(`must be at most ${limits.configBytes} bytes of JSON`);
  if (!isStorable(config)) context.addIssue('must not contain NUL or broken Unicode');
});

function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value).every((inner) => isShallow(inner, depth - 1));
}

/** True if every string and key in it can be stored. Only for values that are known to be shallow. */
function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return storable(value);
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([key, inner]) => storable(key) && isStorable(inner));
}

/** PostgreSQL's `integer`. */
export const roundNumberSchema = z.int('must be a whole number').min(0).max(limits.integer);
/** A whole number that JavaScript holds exactly. */
export const countSchema = z.int('must be a whole number').min(0);

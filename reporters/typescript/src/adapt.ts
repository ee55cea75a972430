import type { ReportedFact } from './event.ts';
import { readValues, toNumber } from './values.ts';

interface Adapted {
  readonly fact: ReportedFact;
  /** The values of metrics that were given as a list, oldest first. */
  readonly points: readonly ReportedFact[];
  /** Name and reason of each value that is left out. */
  readonly problems: readonly (readonly [string, string])[];
}

const measured = [
  'train_loss',
  'global_loss',
  'global_accuracy',
  'update_norm',
  'cosine_to_mean',
  'cosine_to_previous',
] as const;
const nothing: readonly never[] = [];

/** Converts measured values to numbers where possible; returns a plain fact unchanged. [R29] */
export function adapt(given: ReportedFact): Adapted {
  const fields = given as unknown as Record<string, unknown>;
  const odd = oddFieldsOf(fields);
  if (odd.length === 0) return { fact: given, points: nothing, problems: nothing };
  const fact: Record<string, unknown> = { ...fields };
  const points: ReportedFact[] = [];
  const problems: [string, string][] = [];
  for (const field of odd) {
    const value = fields[field];
    if (field === 'value') {
      const number = toNumber(value);
      if ('value' in number) fact.value = number.value;
      else problems.push([String(fields.name), number.problem]);
      continue;
    }
    const found = readValues(field === 'metrics' ? value : { [field]: value });
    if (field === 'metrics') fact.metrics = found.numbers;
    else fact[field] = found.numbers[field];
    points.push(...pointsOf(fields, found.points));
    problems.push(...Object.entries(found.problems));
  }
  return { fact: fact as unknown as ReportedFact, points, problems };
}

/** Fields that hold more than plain numbers. */
function oddFieldsOf(fields: Record<string, unknown>): string[] {
  const odd: string[] = [];
  if (fields.type === 'metric' && isOdd(fields.value)) odd.push('value');
  if (fields.type !== 'client_result' && fields.type !== 'round_complete') return odd;
  for (const field of measured) if (isOdd(fields[field])) odd.push(field);
  const { metrics } = fields;
  if (metrics === undefined || metrics === null) return odd;
  const isMap = typeof metrics !== 'object' || metrics instanceof Map;
  if (isMap || Object.values(metrics).some(isOdd) || Object.hasOwn(metrics, '__proto__')) odd.push('metrics');
  return odd;
}

const isOdd = (value: unknown): boolean => typeof value !== 'number' && value !== undefined && value !== null;

function pointsOf(
  { round, client_id, at }: Record<string, unknown>,
  points: Record<string, readonly number[]>,
): ReportedFact[] {
  return Object.entries(points).flatMap(([name, values]) =>
    values.map((value, step) => ({ type: 'metric', name, value, step, round, client_id, at }) as ReportedFact),
  );
}

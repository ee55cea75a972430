import { z } from 'zod';

// The first few of a thousand wrong elements are enough to find the mistake.
const maxIssues = 5;

type Run = (
  payload: z.core.ParsePayload,
  ctx: z.core.ParseContextInternal,
) => z.core.util.MaybeAsync<z.core.ParsePayload>;
type Issues = z.core.ParsePayload['issues'];

/** The value as `schema` has it; issues are added with their place. None of our elements is asynchronous. */
function parseAt(schema: z.core.$ZodType, value: unknown, key: PropertyKey, issues: Issues, ctx: never): unknown {
  const result = schema._zod.run({ value, issues: [] }, ctx) as z.core.ParsePayload;
  if (result.issues.length > 0) issues.push(...z.core.util.prefixIssues(key, result.issues));
  return result.value;
}

const tooMany = (max: number): string => `must have at most ${max} items`;

interface BoundedArrayDef extends z.core.$ZodArrayDef {
  readonly max: number;
}

const BoundedArray = z.core.$constructor('BoundedArray', (inst: z.ZodArray, def: BoundedArrayDef) => {
  z.ZodArray.init(inst as never, def as never);
  const parseWhole = inst._zod.parse as Run;
  const { element, max } = def;
  inst._zod.parse = ((payload, ctx) => {
    const { value } = payload;
    if (!Array.isArray(value)) return parseWhole(payload, ctx);
    if (value.length > max) {
      const about = { code: 'too_big', origin: 'array', maximum: max, inclusive: true, continue: false };
      payload.issues.push({ ...about, message: tooMany(max), input: value, inst } as never);
      // The check of the length has nothing to add.
      payload.value = [];
      return payload;
    }
    const parsed = new Array(value.length);
    for (let index = 0; index < value.length && payload.issues.length < maxIssues; index++)
      parsed[index] = parseAt(element, value[index], index, payload.issues, ctx as never);
    payload.value = parsed;
    return payload;
  }) as Run as never;
});

/** A list of at most `max` elements: its length is checked first, and the first few wrong elements end the check. [B2] */
export const boundedArray = <T extends z.ZodType>(element: T, max: number): z.ZodArray<T> =>
  new BoundedArray({
    type: 'array',
    element,
    max,
    checks: [z.maxLength(max, tooMany(max)) as never],
  }) as unknown as z.ZodArray<T>;

interface BoundedRecordDef extends z.core.$ZodRecordDef {
  readonly max: number;
}

const BoundedRecord = z.core.$constructor('BoundedRecord', (inst: z.ZodRecord, def: BoundedRecordDef) => {
  z.ZodRecord.init(inst as never, def as never);
  const parseWhole = inst._zod.parse as Run;
  const { keyType, valueType, max } = def;
  inst._zod.parse = ((payload, ctx) => {
    const { value } = payload;
    if (!z.core.util.isPlainObject(value)) return parseWhole(payload, ctx);
    const keys = Object.keys(value);
    if (keys.length > max) {
      const message = `must have at most ${max} entries`;
      payload.issues.push({ code: 'custom', message, input: value, inst, continue: false } as never);
      return payload;
    }
    const parsed: Record<string, unknown> = {};
    for (const key of keys) {
      const name = String(parseAt(keyType as z.core.$ZodType, key, key, payload.issues, ctx as never));
      const element = (value as Record<string, unknown>)[key];
      setOwn(parsed, name, parseAt(valueType as z.core.$ZodType, element, key, payload.issues, ctx as never));
      if (payload.issues.length >= maxIssues) break;
    }
    payload.value = parsed;
    return payload;
  }) as Run as never;
});

/** Also for the one name whose assignment would reach the prototype. [V7] */
function setOwn(record: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') record[name] = value;
  else Object.defineProperty(record, name, { value, enumerable: true, configurable: true, writable: true });
}

/** Values by name, at most `max`: they are counted first, and the first few wrong ones end the check. [B2] */
export const boundedRecord = <V extends z.ZodType>(
  keyType: z.ZodType<string, string>,
  valueType: V,
  max: number,
): z.ZodRecord<z.ZodType<string, string>, V> =>
  new BoundedRecord({ type: 'record', keyType, valueType, max } as never) as never;

const measured = [
  'cosine_to_mean',
  'cosine_to_previous',
  'delta',
  'epsilon',
  'global_accuracy',
  'global_loss',
  'train_loss',
  'update_norm',
  'value',
] as const;
type Measured = (typeof measured)[number];

/** A row of the wire whose measured numbers are numbers, NaN and the infinities included. [W2] */
export type Decoded<T> = {
  readonly [K in keyof T]: K extends Measured
    ? Exclude<T[K], string> | Extract<number, T[K]>
    : K extends 'metrics'
      ? Readonly<Record<string, number>>
      : T[K];
};

export const number = (value: unknown): unknown =>
  value === 'NaN' || value === 'Infinity' || value === '-Infinity' ? Number(value) : value;

/** Text in a field that is not a measured number stays text. */
export function decode<T extends object>(row: T): Decoded<T> {
  const entries = Object.entries(row).map(([name, value]) => {
    if (name === 'metrics' && typeof value === 'object' && value !== null)
      return [name, Object.fromEntries(Object.entries(value).map(([key, each]) => [key, number(each)]))];
    return [name, (measured as readonly string[]).includes(name) ? number(value) : value];
  });
  return Object.fromEntries(entries);
}

export async function* decoded<T extends object>(rows: AsyncIterable<T>): AsyncGenerator<Decoded<T>> {
  for await (const row of rows) yield decode<T>(row as T);
}

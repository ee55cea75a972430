import { z } from 'zod';

const decimal = /^-?\d+(\.\d+)?$/;

/**
 * A number in a query, a path or a header, where all values are text. Only decimal digits are a number: an empty value,
 * spaces, `0x10` and `1e3` are refused. `z.coerce` would read them, and an empty value as 0. [Q8]
 */
export const numberInAddress = <T extends z.ZodType<number>>(number: T) =>
  z.preprocess((text) => (typeof text === 'string' && decimal.test(text) ? Number(text) : text), number);

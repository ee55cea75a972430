import { type Fact, factSchema, type IngestAnswer } from '@rondo/protocol';
import type { z } from 'zod';

export interface Validated {
  readonly facts: Fact[];
  readonly rejected: IngestAnswer['rejected'];
}

// Long enough to be cheap, short enough that a full batch never holds the event loop for long.
const sliceSize = 500;

/** Sorts a batch's events into facts and refusals by index, giving others their turn meanwhile. [I2] */
export async function validateEvents(events: readonly unknown[]): Promise<Validated> {
  const facts: Fact[] = [];
  const rejected: IngestAnswer['rejected'] = [];
  for (let index = 0; index < events.length; index++) {
    if (index > 0 && index % sliceSize === 0) await new Promise((resolve) => setImmediate(resolve));
    const parsed = factSchema.safeParse(events[index]);
    if (parsed.success) facts.push(parsed.data);
    else rejected.push({ index, detail: explain(parsed.error, events[index]) });
  }
  return { facts, rejected };
}

// A caller who got a thousand fields wrong learns enough from the first few.
const maxIssues = 5;

function explain(error: z.ZodError, event: unknown): string {
  const messages = error.issues.slice(0, maxIssues).map(({ path, message }) => {
    const name = path.map(String).join('.');
    return name ? `${name}: ${message}` : message;
  });
  const type = (event as { type?: unknown } | null)?.type;
  return typeof type === 'string' ? `${type.slice(0, 64)}: ${messages.join('; ')}` : messages.join('; ');
}

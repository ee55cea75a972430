import { type Fact, factSchema, type IngestAnswer } from '@rondo/protocol';
import type { z } from 'zod';
import { BadRequest } from '../errors.ts';
import { OversizedEvent, RawEvent } from './split-body.ts';

export interface Validated {
  readonly facts: Fact[];
  readonly rejected: IngestAnswer['rejected'];
}

// A report takes about twenty turns of the event loop, each of which waits for one of these.
const turnMs = 2;

/** Sorts a batch's events into facts and refusals by index; others get their turn after each 2 ms of work. [I2] [B3] */
export async function validateEvents(
  events: readonly unknown[],
  parse: (text: string) => unknown = JSON.parse,
): Promise<Validated> {
  const facts: Fact[] = [];
  const rejected: IngestAnswer['rejected'] = [];
  let turnEnds = performance.now() + turnMs;
  for (const [index, given] of events.entries()) {
    if (performance.now() > turnEnds) {
      await new Promise((resolve) => setImmediate(resolve));
      turnEnds = performance.now() + turnMs;
    }
    if (given instanceof OversizedEvent) {
      rejected.push({ index, detail: given.detail });
      continue;
    }
    const event = given instanceof RawEvent ? parseEvent(given.text, index, parse) : given;
    const parsed = factSchema.safeParse(event);
    if (parsed.success) facts.push(parsed.data);
    else rejected.push({ index, detail: explain(parsed.error, event) });
  }
  return { facts, rejected };
}

function parseEvent(text: string, index: number, parse: (text: string) => unknown): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw new BadRequest(`the body is not JSON: event ${index} cannot be read`, { cause });
  }
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

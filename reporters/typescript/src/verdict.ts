import { type Command, commandSchema, type IngestAnswer, ingestAnswerSchema } from '@rondo/protocol';
import { retryAfterMs } from './backoff.ts';
import type { PostAnswer } from './http.ts';
import { isRecord } from './plain.ts';

/** The server's answer to one batch. */
export interface Answer {
  readonly duplicates: number;
  readonly rejected: IngestAnswer['rejected'];
  readonly commands: readonly Command[];
  /** Ids of commands that this version does not know. */
  readonly unknownCommands: readonly string[];
}

/** Interprets the HTTP response to a batch, or its absence. */
export type Verdict =
  | { readonly state: 'answered'; readonly answer: Answer }
  /** Perhaps taken, perhaps not: the same batch again, soon. [R8] */
  | { readonly state: 'unanswered'; readonly why: string; readonly waitMs: number }
  /** Not accepted, and retried only slowly until the key or the address is changed. [R9] */
  | { readonly state: 'misconfigured'; readonly why: string }
  /** Not taken: too many bytes. [R10] */
  | { readonly state: 'too_large' }
  /** Not taken, and the same again would not be either. [R11] */
  | { readonly state: 'refused'; readonly why: string };

export function judge({ status, retryAfter, text }: PostAnswer, nowMs: number): Verdict {
  if (status >= 200 && status < 300) {
    const answer = parseAnswer(text);
    if (answer) return { state: 'answered', answer };
    // A login page or another program on the same port.
    return { state: 'unanswered', why: `the answer (HTTP ${status}) is not an ingest answer`, waitMs: 0 };
  }
  if (status === 413) return { state: 'too_large' };
  if (status === 400 || status === 422) return { state: 'refused', why: `HTTP ${status}: ${text.slice(0, 500)}` };
  if (status >= 500 || status === 408 || status === 425 || status === 429) {
    return { state: 'unanswered', why: `HTTP ${status}`, waitMs: retryAfterMs(retryAfter, nowMs) };
  }
  if (status === 401 || status === 403) {
    return { state: 'misconfigured', why: `the API key is not accepted (HTTP ${status}); check RONDO_API_KEY` };
  }
  return { state: 'misconfigured', why: `there is no Rondo at this address (HTTP ${status}); check RONDO_URL` };
}

const countsSchema = ingestAnswerSchema.omit({ commands: true });

/** Commands one by one: a newer server's new command must not make its answer unreadable. [R13] */
function parseAnswer(text: string): Answer | null {
  const json = parseJson(text);
  const counts = countsSchema.safeParse(json);
  if (!counts.success || !isRecord(json)) return null;
  const commands: Command[] = [];
  const unknownCommands: string[] = [];
  for (const item of Array.isArray(json.commands) ? json.commands : []) {
    const command = commandSchema.safeParse(item);
    if (command.success) commands.push(command.data);
    else if (isRecord(item) && typeof item.command_id === 'string') unknownCommands.push(item.command_id);
  }
  return { ...counts.data, commands, unknownCommands };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Not an answer at all; the schema says so.
  }
}

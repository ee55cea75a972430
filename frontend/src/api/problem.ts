import type { Problem } from '@rondo/protocol';
import { AxiosError } from 'axios';

/** A failure whose words are meant for the user. */
export class Refusal extends Error {}

/** What to tell the user of a failed request: the server's own words where it has any (RFC 9457). */
export function problemDetail(error: unknown): string {
  if (error instanceof Refusal) return error.message;
  if (!(error instanceof AxiosError)) return 'Something went wrong in this page. Reload it and try again.';
  if (!error.response) return 'The server cannot be reached. Check that it is running, then try again.';
  const { status, data } = error.response as { status: number; data: unknown };
  const problem = isProblem(data) ? data : {};
  const fields = (problem.errors ?? []).map(({ path, message }) => (path ? `${path}: ${message}` : message));
  if (fields.length > 0) return fields.join(' · ');
  return problem.detail ?? problem.title ?? `The server answered ${status}. Try again in a moment.`;
}

/** A proxy may answer with part of it, or with nothing. */
const isProblem = (data: unknown): data is Partial<Problem> => typeof data === 'object' && data !== null;

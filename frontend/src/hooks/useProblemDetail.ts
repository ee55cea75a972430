import { problemDetail } from '../api/problem.ts';

/** What to say of a failed fetch; `null` while nothing failed. */
export const useProblemDetail = (error: unknown): string | null =>
  error === undefined || error === null ? null : problemDetail(error);

import type { Db } from '../db/db.ts';
import { type AuditedRequest, recordAudit } from './audit.ts';
import { createBound } from './bound.ts';
import { type Clock, HOUR } from './clock.ts';

// The audit log only grows, so a guesser with a thousand addresses must not fill the disk: 5 MB a day.
const entriesPerHour = 1_000;

/** Failed sign-ins in the audit log; past a number an hour they are counted, and the next entry has the count. */
export function createFailureLog(db: Db, now: Clock) {
  const bound = createBound({ max: entriesPerHour, everyMs: HOUR, now });
  return {
    async record(by: AuditedRequest, username: string | null, why: Readonly<Record<string, string>>): Promise<void> {
      const place = bound.take();
      if (!place) return;
      const detail = { ...why, ...(place.leftOut > 0 && { unrecorded_before: place.leftOut }) };
      await recordAudit(db, by, { action: 'sign_in.failed', target_type: 'user', target: username, detail }, now);
    },
  };
}

export type FailureLog = ReturnType<typeof createFailureLog>;

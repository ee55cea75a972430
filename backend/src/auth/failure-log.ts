import type { Db } from '../db/db.ts';
import { type AuditedRequest, recordAudit } from './audit.ts';
import { type Clock, HOUR } from './clock.ts';

// Nobody deletes from the audit log, so who guesses from a thousand addresses must not fill the disk: 5 MB a day.
const entriesPerHour = 1_000;

/** Failed sign-ins in the audit log; past a number an hour they are counted, and the next entry tells how many. */
export function createFailureLog(db: Db, now: Clock) {
  let hour = 0;
  let recorded = 0;
  let unrecorded = 0;

  return {
    async record(by: AuditedRequest, username: string | null, why: Readonly<Record<string, string>>): Promise<void> {
      const current = Math.floor(now() / HOUR);
      if (current !== hour) [hour, recorded] = [current, 0];
      if (recorded >= entriesPerHour) {
        unrecorded += 1;
        return;
      }
      recorded += 1;
      const detail = { ...why, ...(unrecorded > 0 && { unrecorded_before: unrecorded }) };
      unrecorded = 0;
      await recordAudit(db, by, { action: 'sign_in.failed', target_type: 'user', target: username, detail }, now);
    },
  };
}

export type FailureLog = ReturnType<typeof createFailureLog>;

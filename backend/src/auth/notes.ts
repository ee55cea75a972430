import type { Db } from '../db/db.ts';
import { type AuditedAct, type AuditedRequest, recordAudit } from './audit.ts';
import { createBound } from './bound.ts';
import { type Clock, HOUR } from './clock.ts';

// As for failed sign-ins: the audit log only grows, so neither one peer nor all of them may fill it.
const perActionAndHour = 1_000;
const perSubjectAndHour = 20;
const maxSubjects = 10_000;

type Bound = ReturnType<typeof createBound>;

/**
 * Audits acts that a caller can repeat without limit: refusals, downloads, uploads, sign-outs. Past an hourly limit per
 * action, and per subject of an action, they are only counted, and the next entry carries the count. [security M7]
 */
export function createNotes(db: Db, now: Clock, onError: (error: unknown) => void = () => {}) {
  const actions = new Map<string, Bound>();
  const subjects = new Map<string, Bound>();

  const boundOf = (bounds: Map<string, Bound>, name: string, max: number): Bound => {
    const known = bounds.get(name);
    if (known) return known;
    const [oldest] = bounds.keys();
    if (bounds.size >= maxSubjects && oldest !== undefined) bounds.delete(oldest);
    const made = createBound({ max, everyMs: HOUR, now });
    bounds.set(name, made);
    return made;
  };

  return {
    /** Never throws: an act that has happened is not undone because its note could not be stored. */
    async add(by: AuditedRequest, act: AuditedAct): Promise<void> {
      const subject = `${act.action} ${by.principal?.user_id ?? by.ip} ${act.target}`;
      const ofSubject = boundOf(subjects, subject, perSubjectAndHour).take();
      const ofAction = ofSubject && boundOf(actions, act.action, perActionAndHour).take();
      if (!ofAction) return;
      const leftOut = ofSubject.leftOut + ofAction.leftOut;
      const detail = { ...act.detail, ...(leftOut > 0 && { unrecorded_before: leftOut }) };
      await recordAudit(db, by, { ...act, detail }, now).catch(onError);
    },
  };
}

export type Notes = ReturnType<typeof createNotes>;

import type { AuditAction, AuditTargetType, ProjectId } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { insertAudit } from '../db/queries/audit.ts';
import { type Clock, momentAt } from './clock.ts';

/** The part of a request that an entry keeps; a `FastifyRequest` behind a guard has it. */
export interface AuditedRequest {
  readonly principal: { readonly user_id: string; readonly username: string } | null;
  readonly ip: string | null;
  readonly id: string | null;
}

/** What the server does of itself, as when it makes the demo's key. */
export const theServerItself: AuditedRequest = { principal: null, ip: null, id: null };

export interface AuditedAct {
  readonly action: AuditAction;
  readonly target_type: AuditTargetType;
  /** A user by name, anything else by its id. */
  readonly target: string | null;
  /** What changed; never a secret. */
  readonly detail?: Readonly<Record<string, unknown>>;
  /** Whose admins see it; without one, only those of the server. */
  readonly project_id?: ProjectId | null;
}

/** To be called in the transaction of the act, where it has one: neither stands without the other. */
export async function recordAudit(
  db: Db,
  { principal, ip, id }: AuditedRequest,
  { action, target_type, target, detail = {}, project_id = null }: AuditedAct,
  now: Clock = Date.now,
): Promise<void> {
  await insertAudit(db, {
    at: momentAt(now()),
    actor: principal?.username ?? null,
    action,
    target_type,
    target,
    detail,
    address: ip,
    request_id: id,
    project_id,
  });
}

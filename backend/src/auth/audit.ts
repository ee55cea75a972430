import type { AuditAction, AuditTargetType, ProjectId } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { insertAudit } from '../db/queries/audit.ts';
import { type Clock, momentAt } from './clock.ts';

/** The part of a request that an entry stores. A guarded `FastifyRequest` has it. */
export interface AuditedRequest {
  readonly principal: { readonly user_id: string; readonly username: string } | null;
  readonly ip: string | null;
  readonly id: string | null;
}

/** The actor when the server acts on its own, for example when it creates the demo's key. */
export const theServerItself: AuditedRequest = { principal: null, ip: null, id: null };

export interface AuditedAct {
  readonly action: AuditAction;
  readonly target_type: AuditTargetType;
  /** A user by name, anything else by its id. */
  readonly target: string | null;
  /** The changed values, never a secret. */
  readonly detail?: Readonly<Record<string, unknown>>;
  /** The project whose admins see the entry; without one, only admins of the server see it. */
  readonly project_id?: ProjectId | null;
}

/** Call it in the transaction of the act, so that the act and its entry are stored together or not at all. */
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

import type { Db } from '../db/database.ts';
import { insertAudit } from '../db/queries/audit.ts';
import type { AuditAction, AuditTargetType } from '../schemas/audit.ts';
import { type Clock, momentAt } from './clock.ts';

/** The part of a request that an entry keeps; a `FastifyRequest` behind a guard has it. */
export interface AuditedRequest {
  readonly principal: { readonly username: string } | null;
  readonly ip: string;
  readonly id: string;
}

interface AuditedAct {
  readonly action: AuditAction;
  readonly target_type: AuditTargetType;
  /** The name or id of what was acted on. */
  readonly target: string | null;
  /** What changed; never a secret. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** To be called in the transaction of the act, where it has one: neither stands without the other. */
export async function recordAudit(
  db: Db,
  { principal, ip, id }: AuditedRequest,
  { action, target_type, target, detail = {} }: AuditedAct,
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
  });
}

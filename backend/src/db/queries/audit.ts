import { and, desc, eq, gte, lt, type SQL } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { audit } from '../tables/people.ts';
import { countRows, type Page } from './page.ts';
import { inProjects, type Visible } from './projects.ts';

interface AuditFilter extends Page {
  readonly visible: Visible;
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly target?: string | undefined;
  /** Inclusive. */
  readonly from?: string | undefined;
  /** Exclusive. */
  readonly to?: string | undefined;
}

export async function insertAudit(db: Db, entry: typeof audit.$inferInsert): Promise<void> {
  await db.insert(audit).values(entry);
}

/** Newest first. */
export async function listAudit(db: Db, { limit, offset, ...filter }: AuditFilter) {
  const where = matching(filter);
  const items = await db.select().from(audit).where(where).orderBy(desc(audit.id)).limit(limit).offset(offset);
  return { items, total: await countRows(db, audit, where) };
}

const matching = ({ visible, actor, action, target, from, to }: Omit<AuditFilter, keyof Page>): SQL | undefined =>
  and(
    inProjects(audit.project_id, visible),
    actor === undefined ? undefined : eq(audit.actor, actor),
    action === undefined ? undefined : eq(audit.action, action),
    target === undefined ? undefined : eq(audit.target, target),
    from === undefined ? undefined : gte(audit.at, from),
    to === undefined ? undefined : lt(audit.at, to),
  );

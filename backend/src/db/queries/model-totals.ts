import { count, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { modelContents, models } from '../tables/models.ts';

/** How many versions there are, and how much room their contents take; equal contents are stored once. */
export async function modelTotals(db: Db): Promise<{ versions: number; bytes: number }> {
  const [stored] = await db
    .select({ bytes: sql<string>`coalesce(sum(${modelContents.size_bytes}), 0)` })
    .from(modelContents);
  const [saved] = await db.select({ versions: count() }).from(models);
  return { versions: saved?.versions ?? 0, bytes: Number(stored?.bytes ?? 0) };
}

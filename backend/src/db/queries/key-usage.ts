import { sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { kept } from '../kept.ts';

/** What an API key has cost on one day. */
export interface Costs {
  /** Runs that it created. */
  readonly runs: number;
  /** Bytes of its batches, after decompression. */
  readonly bytes: number;
  /** Bytes of the checkpoints that it stored. */
  readonly upload_bytes: number;
}

type Row = Record<keyof Costs, string | number> & { key_id: string };
const toCosts = ({ runs, bytes, upload_bytes }: Row): Costs => ({
  runs: Number(runs),
  bytes: Number(bytes),
  upload_bytes: Number(upload_bytes),
});

/** `day` is a UTC date such as 2026-01-31. */
export async function readCosts(db: Db, key_id: string, day: string): Promise<Costs> {
  const [row] = await db.execute<Row>(
    sql`select key_id, runs, bytes, upload_bytes from key_usage where key_id = ${key_id} and day = ${day}::text::date`,
  );
  return row ? toCosts(row) : { runs: 0, bytes: 0, upload_bytes: 0 };
}

/** Adds to the counts of the day, and returns what they are then. In one order everywhere, so that servers do not block each other. */
export async function addCosts(
  db: Db,
  day: string,
  added: ReadonlyMap<string, Costs>,
): Promise<ReadonlyMap<string, Costs>> {
  if (added.size === 0) return new Map();
  const rows = [...added].map(([key_id, costs]) => ({ key_id, ...costs }));
  const after = await db.execute<Row>(sql`
    ${kept} insert into key_usage as known (key_id, day, runs, bytes, upload_bytes)
    select key_id, ${day}::text::date, runs, bytes, upload_bytes
    from json_to_recordset(${JSON.stringify(rows)}::text::json)
      as row_(key_id text, runs bigint, bytes bigint, upload_bytes bigint)
    order by key_id
    on conflict (key_id, day) do update set
      runs = known.runs + excluded.runs,
      bytes = known.bytes + excluded.bytes,
      upload_bytes = known.upload_bytes + excluded.upload_bytes
    returning key_id, runs, bytes, upload_bytes`);
  return new Map(after.map((row) => [row.key_id, toCosts(row)]));
}

export async function deleteCostsBefore(db: Db, day: string): Promise<void> {
  await db.execute(sql`delete from key_usage where day < ${day}::text::date`);
}

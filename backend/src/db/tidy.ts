import type { Sql } from 'postgres';

/**
 * What autovacuum and the checkpointer do elsewhere, one table at a time: the embedded database has one connection, and
 * reports that arrive meanwhile are stored after the table that is at work, not after the last one.
 */
export async function tidy(client: Sql): Promise<void> {
  const tables = await client<{ name: string; is_partitioned: boolean }[]>`
    select oid::regclass::text as name, relkind = 'p' as is_partitioned
    from pg_class where relkind in ('r', 'm', 'p') and relpersistence <> 't' order by oid`;
  for (const { name, is_partitioned } of tables) {
    // A table that was dropped meanwhile (a month of points) has no need of it.
    const [found] = await client`select 1 from pg_class where oid = to_regclass(${name})`;
    if (!found) continue;
    // Without truncate: giving pages back locks the table for a scan from its end.
    await client.unsafe(is_partitioned ? `analyze ${name}` : `vacuum (analyze, truncate off) ${name}`);
  }
  await client`checkpoint`;
}

import { sql } from 'drizzle-orm';
import type { Sql } from 'postgres';

/** Part of a statement that connections prepare: its text is one of a few, and it is parsed and planned once. */
export const kept = sql.raw('/* kept */');
const mark = '/* kept */';

// Each takes about 20 KB of a connection's memory in PostgreSQL.
const maxKept = 200;
const known = new Set<string>();

/** True for a marked statement, as long as there are few of them. */
export function isKept(text: string): boolean {
  if (!text.includes(mark)) return false;
  if (!known.has(text) && known.size < maxKept) known.add(text);
  return known.has(text);
}

type Unsafe = Sql['unsafe'];

/** The client, which prepares marked statements. Unlike others they need one trip, so that several travel at once. */
export function keeping(client: Sql): Sql {
  const withKept = <C extends { readonly unsafe: Unsafe }>(inner: C): C => {
    const unsafe: Unsafe = (text, parameters, how) =>
      inner.unsafe(text, parameters, isKept(text) ? { ...how, prepare: true } : how);
    return Object.assign(Object.create(inner), { unsafe });
  };
  const begin = (work: (tx: Sql) => Promise<unknown>) => client.begin((tx) => work(withKept(tx) as unknown as Sql));
  return Object.assign(withKept(client), { begin }) as unknown as Sql;
}

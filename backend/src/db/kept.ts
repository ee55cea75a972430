import { sql } from 'drizzle-orm';

/** Part of a statement that connections prepare: its text is one of a few, and it is parsed and planned once. */
export const kept = sql.raw('/* kept */');
const mark = '/* kept */';

// Each takes about 20 KB of a connection's memory in PostgreSQL.
const maxKept = 200;
const names = new Map<string, string>();

/** The name under which a marked statement is prepared, as long as there are few of them. */
export function nameOfKept(text: string): string | undefined {
  if (!text.includes(mark)) return undefined;
  const known = names.get(text);
  if (known || names.size >= maxKept) return known;
  const name = `kept_${names.size}`;
  names.set(text, name);
  return name;
}

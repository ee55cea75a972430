import { join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { amcheck } from '@electric-sql/pglite/contrib/amcheck';
import { openPglite } from '../../src/db/open-pglite.ts';
import type { Cut, Verdict } from './power-cut.ts';

/** Opens what a cut has left, counts it and writes to it. A process of its own: a database that is not whole may end it. */
process.on('message', async (cut: Cut) => {
  process.send?.(await judge(cut));
});

async function judge({ folder, acknowledged }: Cut): Promise<Verdict> {
  let database: PGlite | undefined;
  try {
    database = await openPglite(join(folder, 'postgres'), { extensions: { amcheck } });
    const opened = database;
    const one = async <T>(text: string): Promise<T> => (await opened.query(text)).rows[0] as T;
    const { is_there } = await one<{ is_there: boolean }>(
      `select to_regclass('counter') is not null and to_regclass('facts') is not null as is_there`,
    );
    const facts = is_there
      ? await one<{ count: number; max: number }>(
          'select count(*)::int as count, coalesce(max(id), 0) as max from facts where length(body) > 0',
        )
      : { count: 0, max: 0 };
    if (facts.max < acknowledged) {
      return { kind: 'lost', detail: `${facts.max} of ${acknowledged} acknowledged rows are there` };
    }
    if (!is_there) return { kind: 'whole' };
    const { last } = (await one<{ last: number } | undefined>('select last from counter')) ?? { last: 0 };
    if (facts.count !== facts.max || last !== facts.max) {
      return { kind: 'corrupt', detail: `${facts.count} rows up to ${facts.max}, and the counter says ${last}` };
    }
    await one(`select bt_index_check('facts_pkey', true), bt_index_check('facts_by_run', true)`);
    await opened.exec(`insert into facts values (-1, 0, 'later'); delete from facts where id = -1; checkpoint`);
    return { kind: 'whole' };
  } catch (error) {
    return { kind: 'corrupt', detail: String(error).split('\n', 1)[0] ?? '' };
  } finally {
    await database?.close().catch(() => {});
  }
}

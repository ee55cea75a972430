import { type Client, type ClientId, type ClientUpdate, clientIdSchema, type Round } from '@rondo/protocol';
import { sql } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { clientHistory, type PartKey } from '../../src/db/queries/client-history.ts';
import { listClients } from '../../src/db/queries/clients.ts';
import type { Listed } from '../../src/db/queries/page.ts';
import { listRounds } from '../../src/db/queries/rounds.ts';
import { deleteRun } from '../../src/db/queries/runs.ts';
import { aWholeRound, makeRun } from '../facts.ts';
import { makeWriter } from '../writer.ts';

/** Lists walked page by page, and the totals that the writer keeps. */
export const pageContract = (database: () => Database): void => {
  const report = (facts: Parameters<ReturnType<typeof makeWriter>['writer']['submit']>[0]) =>
    makeWriter(database().db).writer.submit(facts);

  describe('[Q1] pages by cursor', () => {
    it('show every round once, whatever arrives in between', async () => {
      const { db } = database();
      const run = makeRun();
      await report([4, 0, 2, 3, 1].map((round) => run.say('round_started', { round, client_ids: ['a'] })));
      const seen = await walk<Round, number>(async (after, page) => {
        if (page === 1) await report([run.say('round_started', { round: 9, client_ids: ['a'] })]);
        return listRounds(db, { visible: null, run_id: run.id, limit: 2, offset: 0, after });
      });
      expect(seen.map(({ round }) => round)).toEqual([4, 3, 2, 1, 0]);
    });

    it('show the rounds of one status, of a run and of all', async () => {
      const { db } = database();
      const run = makeRun();
      await report([1, 2, 3, 4, 5].map((round) => run.say('round_failed', { round, reason: 'x' })));
      const ofRun = await walk<Round, number>((after) =>
        listRounds(db, { visible: null, run_id: run.id, status: 'failed', limit: 2, offset: 0, after }),
      );
      expect(ofRun.map(({ round }) => round)).toEqual([5, 4, 3, 2, 1]);
      const ofAll = await walk<Round, number>((after) =>
        listRounds(db, { visible: null, status: 'failed', limit: 2, offset: 0, after }),
      );
      const ids = ofAll.map(({ round_id }) => round_id);
      expect(ids).toEqual([...new Set(ids)].sort((a, b) => b - a));
      expect(ofAll.filter(({ run_id }) => run_id === run.id)).toHaveLength(5);
    });

    it('show every client once, of a run and of all', async () => {
      const { db } = database();
      const run = makeRun();
      const ids = ['a', 'b', 'c', 'd', 'e'].map((name) => `${name} of ${run.id}`);
      await report(ids.map((client_id) => run.say('client_joined', { client_id })));
      const ofRun = await walk<Client, ClientId>((after) =>
        listClients(db, { visible: null, run_id: run.id, limit: 2, offset: 0, after }),
      );
      expect(ofRun.map(({ client_id }) => client_id)).toEqual(ids);
      const ofAll = await walk<Client, ClientId>((after) =>
        listClients(db, { visible: null, limit: 7, offset: 0, after }),
      );
      expect(new Set(ofAll.map(({ client_id }) => client_id)).size).toBe(ofAll.length);
      expect(ofAll.filter(({ run_id }) => run_id === run.id)).toHaveLength(5);
    });

    it("show every part of a client's history once, its newest run first, as offsets do", async () => {
      const { db } = database();
      const client_id = clientIdSchema.parse(`c ${makeRun().id}`.slice(0, 64));
      const runs = [makeRun(), makeRun(), makeRun()] as const;
      const clock = (n: number) => () => new Date(Date.UTC(2030, 0, 1 + n));
      for (const [n, run] of runs.entries()) {
        const { writer } = makeWriter(db, clock(n));
        for (const round of [1, 2, 3].slice(n)) await writer.submit(aWholeRound(run, round, [client_id, 'other']));
      }
      const [first, second, third] = runs;
      const expected = [
        [third.id, 3],
        [second.id, 3],
        [second.id, 2],
        [first.id, 3],
        [first.id, 2],
        [first.id, 1],
      ];
      const history = async (page: { limit: number; offset: number; after?: PartKey | undefined }) => {
        const found = await clientHistory(db, { visible: null, client_id, ...page });
        if (!found) throw new Error('there is no such client');
        expect(found.total).toBe(6);
        return found;
      };
      for (const limit of [1, 2, 3, 4, 10]) {
        const walked = await walk<ClientUpdate, PartKey>((after) => history({ limit, offset: 0, after }));
        expect(walked.map(({ run_id, round }) => [run_id, round])).toEqual(expected);
        for (let offset = 0; offset <= 7; offset++) {
          const { items } = await history({ limit, offset });
          const shown = items.map(({ run_id, round }) => [run_id, round]);
          expect(shown).toEqual(expected.slice(offset, offset + limit));
        }
      }
    });

    it('an update that is reported late joins the history', async () => {
      const run = makeRun();
      const client_id = `c ${run.id}`.slice(0, 64) as ClientId;
      await report(aWholeRound(run, 5, [client_id]));
      await report([run.say('client_result', { round: 2, client_id, sample_count: 1 })]);
      const history = await clientHistory(database().db, { visible: null, client_id, limit: 10, offset: 0 });
      expect([history?.total, history?.items.map(({ round }) => round).sort()]).toEqual([2, [2, 5]]);
    });
  });

  describe('[Q1] totals', () => {
    it('are what a count would say, through every change of status', async () => {
      const run = makeRun();
      await report([
        ...aWholeRound(run, 1, ['a', 'b']),
        run.say('round_started', { round: 2, client_ids: ['a', 'b', 'c'] }),
        run.say('client_failed', { round: 2, client_id: 'b', reason: 'out of memory' }),
      ]);
      await report([run.say('client_left', { client_id: 'a' }), run.say('round_failed', { round: 2, reason: 'x' })]);
      await report([run.say('round_update', { round: 2, status: 'aggregating' })]);
      expect(await differences(database())).toEqual([]);
    });

    it('stay right when a run is deleted, also for clients that another run has', async () => {
      const { db } = database();
      const [first, second] = [makeRun(), makeRun()];
      const [both, one] = [`both ${first.id}`, `one ${first.id}`];
      await report([first.say('client_joined', { client_id: both }), first.say('client_joined', { client_id: one })]);
      await report([second.say('client_joined', { client_id: both })]);
      const before = await listClients(db, { visible: null, limit: 1, offset: 0 });
      await db.transaction((tx) => deleteRun(tx, first.id));
      const after = await listClients(db, { visible: null, limit: 10_000, offset: 0 });
      expect(after.total).toBe(before.total - 1);
      expect(after.items.filter(({ client_id }) => [both, one].includes(client_id))).toMatchObject([
        { client_id: both, run_id: second.id },
      ]);
      expect(await differences(database())).toEqual([]);
      await db.transaction((tx) => deleteRun(tx, second.id));
      expect(await differences(database())).toEqual([]);
    });
  });
};

/** All pages, each begun where the one before says. */
async function walk<T, K>(page: (after: K | undefined, n: number) => Promise<Listed<T, K>>): Promise<T[]> {
  const items: T[] = [];
  let after: K | undefined;
  for (let n = 0; n < 1_000; n++) {
    const listed = await page(after, n);
    items.push(...listed.items);
    if (listed.next === null) return items;
    after = listed.next;
  }
  throw new Error('the pages do not end');
}

/** Where a kept total is not what the rows say. */
const differences = ({ db }: Database) =>
  db.execute(sql`
    with counted as (
      select 'rounds' as list, run_id, status, count(*) as total from rounds group by run_id, status
      union all select 'clients', run_id, status, count(*) from clients group by run_id, status
      union all select 'registered', '', '', count(distinct client_id) from clients
    ), kept as (
      select list, run_id, status, total from list_totals where list <> 'registered'
      union all select 'registered', '', '', coalesce(sum(total), 0) from list_totals where list = 'registered'
    )
    select list, run_id, status, counted.total as counted, kept.total as kept
    from counted full join kept using (list, run_id, status)
    where coalesce(counted.total, 0) <> coalesce(kept.total, 0)`);

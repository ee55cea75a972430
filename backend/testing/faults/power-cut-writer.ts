import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { amcheck } from '@electric-sql/pglite/contrib/amcheck';
import { factSchema, reporterIdSchema } from '@rondo/protocol';
import { openPool } from '../../src/db/database.ts';
import { migrate } from '../../src/db/migrate.ts';
import { openPglite } from '../../src/db/open-pglite.ts';
import { PortServer } from '../../src/db/port-server.ts';
import { PortStream } from '../../src/db/port-stream.ts';
import { seeded } from '../random.ts';
import { makeWriter } from '../writer.ts';
import { type Cut, cutRun, type WriterTask } from './power-cut.ts';
import { someMoment } from './simulated-disk.ts';
import { WatchedFs } from './watched-fs.ts';
import { factsOf } from './workload.ts';

/**
 * Stores a workload through ingest until it has its cuts: each is an image of the disk before one change of a file.
 * A process of its own, because every call of its file system is observed; so the database runs in its main thread.
 */
const task = JSON.parse(process.argv[2] ?? '') as WriterTask;
const { folder, images, wanted, isDurable, longestGap } = task;
const random = seeded(task.seed);
const watched = new WatchedFs(folder);

let acknowledged = task.acknowledged;
let cuts = 0;
let changes = 0;
const nextGap = () => 1 + Math.floor(random() * longestGap);
let nextCut = nextGap();
watched.onChange = () => {
  changes += 1;
  if (changes < nextCut || cuts >= wanted) return;
  nextCut = changes + nextGap();
  cuts += 1;
  const image = join(images, `cut-${cuts}`);
  watched.disk.writeAfterCut(image, someMoment(random));
  process.send?.({ folder: image, acknowledged, at: changes } satisfies Cut);
};

const extensions = { amcheck };
const database = isDurable
  ? await openPglite(join(folder, 'postgres'), { extensions })
  : await PGlite.create(join(folder, 'postgres'), { extensions });
await database.exec('create extension if not exists amcheck');
const server = new PortServer(database);
const connect = () => {
  const { port1, port2 } = new MessageChannel();
  void server.serve(port2);
  return new PortStream(port1);
};
const { pool, db } = openPool({ connect });
await migrate(db);
const { writer } = makeWriter(db);
const reporter_id = reporterIdSchema.parse('the-writer');

/** All facts of a step were stored in one transaction, so the last point says where to go on. */
const [stored] = await pool.query('select max(step) as last from metric_points where run_id = $1', [cutRun]);
let next = stored?.last === null ? 0 : Number(stored?.last) + 1;
const startedAt = Date.parse('2026-01-31T12:00:00.000Z');

while (cuts < wanted) {
  const until = next + 1 + Math.floor(random() * 30);
  const facts = [];
  for (; next < until; next++) {
    const at = new Date(startedAt + next * 1_000).toISOString();
    facts.push(...factsOf(next).map((fact) => factSchema.parse({ ...fact, run_id: cutRun, at })));
  }
  await writer.submit(facts, { key_id: 'key', reporter_id, batch: next, project_id: 'default' as never });
  acknowledged = next;
  const dice = random();
  if (dice < 0.04) await pool.query('checkpoint');
  else if (dice < 0.08) await pool.query('vacuum analyze');
  // Files that come, are renamed and go: another table, and a rewrite of a small one.
  else if (dice < 0.12) {
    await pool.query('create table passing as select * from metric_points limit 50');
    await pool.query('drop table passing');
  } else if (dice < 0.14) await pool.query('vacuum full runs');
  else if (dice < 0.16) await pool.query('select pg_switch_wal()');
}
process.exit(0);

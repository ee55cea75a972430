import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { amcheck } from '@electric-sql/pglite/contrib/amcheck';
import { openPglite } from '../../src/db/open-pglite.ts';
import type { Cut, WriterTask } from './power-cut.ts';
import { seeded } from './seeded.ts';
import { someMoment } from './simulated-disk.ts';
import { WatchedFs } from './watched-fs.ts';

/**
 * Writes transactions to a database until it has its cuts: each is an image of the disk before one change of a file.
 * A process of its own, because every call of its file system is observed.
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
await database.exec(`
  create extension if not exists amcheck;
  create table if not exists facts (id int primary key, run int not null, body text not null);
  create index if not exists facts_by_run on facts (run, id);
  create table if not exists counter (only_one int primary key, last int not null);
  insert into counter values (1, 0) on conflict do nothing`);
const { rows } = await database.query<{ last: number }>('select last from counter');
let last = rows[0]?.last ?? 0;

while (cuts < wanted) {
  const from = last + 1;
  last += 1 + Math.floor(random() * 40);
  await database.transaction(async (tx) => {
    await tx.exec(
      `insert into facts select i, i % 7, repeat(md5(i::text), 1 + i % 40) from generate_series(${from}, ${last}) i`,
    );
    await tx.exec(`update counter set last = ${last}`);
  });
  acknowledged = last;
  const dice = random();
  if (dice < 0.04) await database.exec('checkpoint');
  else if (dice < 0.08) await database.exec('vacuum analyze');
  // Files that come, are renamed and go: another table, and a rewrite of a small one.
  else if (dice < 0.12) await database.exec('create table passing as select * from facts limit 50; drop table passing');
  else if (dice < 0.14) await database.exec('vacuum full counter');
  else if (dice < 0.16) await database.exec('select pg_switch_wal()');
}
process.exit(0);

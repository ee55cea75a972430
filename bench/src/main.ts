import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { bombs } from './entries/bombs.ts';
import { checkpoint } from './entries/checkpoint.ts';
import { cuts } from './entries/cuts.ts';
import { fanOut } from './entries/fan-out.ts';
import { firstLoad } from './entries/first-load.ts';
import { flower } from './entries/flower.ts';
import { growth, otherClients } from './entries/growth.ts';
import { ingest } from './entries/ingest.ts';
import { insight } from './entries/insight.ts';
import { logCall } from './entries/log-call.ts';
import { manyClients } from './entries/many-clients.ts';
import { openViewers } from './entries/open-viewers.ts';
import { pages } from './entries/pages.ts';
import { peers } from './entries/peers.ts';
import { pixel } from './entries/pixel.ts';
import { pythonLogCall } from './entries/python-log-call.ts';
import { series } from './entries/series.ts';
import { servers } from './entries/servers.ts';
import { socketIo } from './entries/socket-io.ts';
import { start } from './entries/start.ts';
import { views } from './entries/views.ts';
import { type Context, type Entry, type Result, Skipped, tableOf } from './lib/figure.ts';
import { describeMachine } from './lib/machine.ts';

const entries: readonly Entry[] = [
  ingest,
  pixel,
  pages,
  series,
  insight,
  servers,
  firstLoad,
  views,
  manyClients,
  cuts,
  checkpoint,
  openViewers,
  logCall,
  pythonLogCall,
  flower,
  start,
  bombs,
  peers,
  socketIo,
  growth,
  otherClients,
  fanOut,
];

/** What `--peers` measures. */
const entriesOfPeers = ['peers', 'socket-io'];

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    postgres: { type: 'boolean', default: false },
    peers: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    profile: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const wanted = options.only?.split(',') ?? (options.peers ? entriesOfPeers : undefined);
const chosen = entries.filter(({ name, isOnRequest = false }) => wanted?.includes(name) ?? !isOnRequest);
const unknown = wanted?.filter((name) => !entries.some((entry) => entry.name === name)) ?? [];

if (options.help || unknown.length > 0) {
  if (unknown.length > 0) console.log(`There is no entry ${unknown.join(', ')}.\n`);
  console.log('npm run bench -- [--only name,…] [--peers] [--quick] [--postgres] [--save] [--profile folder]\n');
  for (const { name, about } of entries) console.log(`  ${name.padEnd(12)} ${about}`);
} else {
  // Reporters store their events on disk as usual, but not in the user's home.
  const spool = mkdtempSync(join(tmpdir(), 'rondo-bench-spool-'));
  process.env.RONDO_SPOOL_DIR = spool;
  await run();
  rmSync(spool, { recursive: true, force: true });
}
// A benchmark reports; it never fails a build.
process.exit(0);

async function run(): Promise<void> {
  const machine = describeMachine();
  const results: Result[] = [];
  for (const entry of chosen) {
    console.log(`── ${entry.name}: ${entry.about}`);
    results.push(await resultOf(entry));
  }
  console.log(tableOf(results, machine));
  if (!options.save) return;
  const folder = join(import.meta.dirname, '../results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'latest.json'),
    `${JSON.stringify({ machine, quick: options.quick, results }, null, 2)}\n`,
  );
}

async function resultOf(entry: Entry): Promise<Result> {
  const context: Context = {
    quick: options.quick,
    postgres: options.postgres,
    profileFolder: options.profile ? resolve(options.profile) : null,
    say: (progress) => console.log(`   ${progress}`),
  };
  try {
    return { entry: entry.name, figures: await entry.run(context), trouble: null };
  } catch (error) {
    if (!(error instanceof Skipped)) console.error(error);
    const reason = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
    return { entry: entry.name, figures: [], trouble: error instanceof Skipped ? (reason ?? '') : `failed: ${reason}` };
  }
}

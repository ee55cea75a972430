import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Crowd } from '../lib/crowd.ts';
import { atMost, type Figure, tableOf } from '../lib/figure.ts';
import { describeMachine } from '../lib/machine.ts';
import type { OpenFiles } from '../lib/open-files.ts';
import type { Rest } from '../lib/rest.ts';
import { type BenchServer, withServer } from '../lib/server.ts';
import { drained } from '../lib/ticks.ts';
import { bytesOf, filesIn } from '../peers/folder.ts';
import { Federation } from './federation.ts';
import { type Sample, slopesOf } from './samples.ts';

/** `npm run soak`: an ordinary load for a long time, and what of the server grows with it. */
const { values: options } = parseArgs({ options: { minutes: { type: 'string', default: '30' } } });
const minutes = Number(options.minutes);
if (!(minutes >= 1)) {
  console.error('usage: npm run soak -- [--minutes NUMBER, at least 1]');
  process.exit(1);
}
const [clients, runs, viewers] = [1_000, 8, 30];
const sampleMs = Math.max(2_000, Math.min(10_000, minutes * 600));

const spool = mkdtempSync(join(tmpdir(), 'rondo-soak-spool-'));
process.env.RONDO_SPOOL_DIR = spool;
const machine = describeMachine();
try {
  const figures = await withServer({}, (server, rest) => Crowd.with((crowd) => soak(server, rest, crowd)));
  console.log(tableOf([{ entry: 'soak', figures, trouble: null }], machine));
} finally {
  rmSync(spool, { recursive: true, force: true });
}
process.exit(0);

async function soak(server: BenchServer, rest: Rest, crowd: Crowd): Promise<Figure[]> {
  const apiKey = await rest.createKey('soak');
  const federations = Array.from(
    { length: runs },
    (_, n) => new Federation({ url: server.url, apiKey, name: `soak-${n}`, clients: clients / runs, offset: n / runs }),
  );
  for (const [n, { reporter }] of federations.entries()) {
    await drained(reporter);
    const count = Math.floor(viewers / runs) + (n < viewers % runs ? 1 : 0);
    await crowd.open({ url: server.url, token: rest.token, run_id: reporter.run_id, count });
  }
  console.log(`${clients} clients, ${viewers} viewers, ${runs} runs, ${minutes} minutes`);
  const samples = await sampleFor(server, federations);
  for (const federation of federations) federation.stop();
  for (const { reporter } of federations) await drained(reporter, 120_000);
  await wait(2_000);
  const report = await crowd.report();
  const stats = await Promise.all(federations.map(({ reporter }) => reporter.close()));
  const events = stats.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  const left = stats.reduce((sum, { rejected, dropped, queued }) => sum + rejected + dropped + queued, 0);
  const seconds = samples.at(-1)?.seconds ?? Number.NaN;
  const troubles = Object.entries(report.troubles).map(([why, times]) => `${times} × ${why}`);
  return [
    { name: 'acknowledged', value: events, unit: 'events', note: `${(events / seconds).toFixed(0)} a second` },
    { name: 'rejected, dropped or left', value: left, unit: 'events', target: atMost(0) },
    {
      name: 'viewers: event to arrival, p99',
      value: report.p99,
      unit: 'ms',
      note: [`${report.delivered} arrived, ${report.outOfOrder} out of order`, ...troubles].join('; '),
    },
    ...slopesOf(samples),
  ];
}

async function sampleFor(server: BenchServer, federations: readonly Federation[]): Promise<Sample[]> {
  const samples: Sample[] = [];
  const startedAt = performance.now();
  const until = startedAt + minutes * 60_000;
  for (let due = startedAt; due < until; due += sampleMs) {
    await wait(Math.max(0, due - performance.now()));
    const { heapBytes, residentBytes, handles, files } = await server.held();
    const events = federations.reduce((sum, { reporter }) => sum + reporter.stats().acknowledged, 0);
    const seconds = (performance.now() - startedAt) / 1_000;
    const databaseBytes = await bytesOf(server.dataDir);
    const databaseFiles = await filesIn(join(server.dataDir, 'postgres'));
    samples.push({ seconds, events, heapBytes, residentBytes, handles, files, databaseBytes, databaseFiles });
    if (samples.length % 6 !== 1) continue;
    const mebi = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
    console.log(
      `   ${Math.round(seconds)} s: ${events} events, heap ${mebi(heapBytes)}, resident ${mebi(residentBytes)}, ${handles} handles, ${saidOf(files)}, database ${mebi(databaseBytes)}`,
    );
  }
  return samples;
}

function saidOf(files: OpenFiles | null): string {
  if (!files) return 'open files unknown';
  return `${files.database} files of the database, ${files.sockets} sockets, ${files.others} others open`;
}

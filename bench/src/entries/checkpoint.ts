import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Upload } from 'tus-js-client';
import { openCuttingProxy } from '../../../backend/testing/cutting-proxy.ts';
import { atMost, type Context, type Entry, type Figure } from '../lib/figure.ts';
import { withPostgres } from '../lib/postgres.ts';
import { type BenchServer, withServer } from '../lib/server.ts';
import { residentBytes } from '../lib/usage.ts';

const MiB = 1024 ** 2;
const cuts = 10;
const sampleMs = 50;

/** The database is a process of its own, so that what the server holds is its own. */
export const checkpoint: Entry = {
  name: 'checkpoint',
  about: `a checkpoint of 5 GB over a line that is cut ${cuts} times, and back`,
  run: (context) =>
    withPostgres((databaseUrl) => withServer({ databaseUrl }, (server, rest) => measure(context, server, rest))),
};

async function measure(
  { quick, say }: Context,
  server: BenchServer,
  rest: Parameters<Parameters<typeof withServer>[1]>[1],
): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'rondo-bench-checkpoint-'));
  try {
    const file = await makeFile(join(folder, 'checkpoint'), quick ? 500 : 5_000);
    say(`${file.bytes / 1e9} GB of noise are ready`);
    const key = await rest.createKey('bench');
    await server.settle();
    const resident = watchResident(server.pid);
    const seconds = await sendWithCuts(server.url, key, file);
    const fetched = await fetchDigest(server.url, rest.token);
    const { first, most } = resident();
    const name = `${file.bytes / 1e9} GB`;
    return [
      {
        name: `${name}: arrived byte for byte, and came back so`,
        value: fetched.sha256 === file.sha256 ? 100 : 0,
        unit: '%',
        target: { value: 100, better: 'more' },
        note: `${cuts} cuts`,
      },
      {
        name: `${name}: resident memory of the server, at most`,
        value: most / MiB,
        unit: 'MiB',
        target: atMost(300),
        note: `${Math.round(first / MiB)} MiB before`,
      },
      { name: `${name}: upload, cuts and verification included`, value: file.bytes / 1e6 / seconds, unit: 'MB/s' },
      { name: `${name}: download`, value: file.bytes / 1e6 / fetched.seconds, unit: 'MB/s' },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function makeFile(path: string, megabytes: number) {
  const piece = randomBytes(1_000_000);
  const hash = createHash('sha256');
  const handle = await open(path, 'w');
  for (let n = 0; n < megabytes; n++) {
    piece.writeUInt32LE(n);
    hash.update(piece);
    await handle.write(piece);
  }
  await handle.close();
  return { path, bytes: megabytes * piece.length, sha256: hash.digest('hex') };
}

function watchResident(pid: number) {
  const first = residentBytes(pid);
  let most = first;
  const timer = setInterval(() => {
    most = Math.max(most, residentBytes(pid));
  }, sampleMs);
  return () => {
    clearInterval(timer);
    return { first, most };
  };
}

type File = Awaited<ReturnType<typeof makeFile>>;

/** Seconds from the first byte until the version exists. */
async function sendWithCuts(target: string, key: string, { path, bytes, sha256 }: File): Promise<number> {
  const proxy = await openCuttingProxy(target, { everyBytes: Math.floor(bytes / (cuts + 1)), times: cuts });
  try {
    const startedAt = performance.now();
    await new Promise<void>((resolve, reject) => {
      const upload = new Upload(createReadStream(path) as never, {
        endpoint: `${proxy.url}/api/uploads`,
        headers: { authorization: `Bearer ${key}` },
        metadata: { version: 'large', run_id: 'bench', sha256 },
        retryDelays: Array.from({ length: 2 * cuts }, () => 50),
        onSuccess: () => resolve(),
        onError: reject,
      });
      upload.start();
    });
    if (proxy.cuts() !== cuts) throw new Error(`the line was cut ${proxy.cuts()} times instead of ${cuts}`);
    return (performance.now() - startedAt) / 1_000;
  } finally {
    await proxy.close();
  }
}

async function fetchDigest(url: string, token: string) {
  const startedAt = performance.now();
  const answer = await fetch(`${url}/api/models/large/download`, { headers: { authorization: `Bearer ${token}` } });
  if (!answer.ok || !answer.body) throw new Error(`the download answered ${answer.status}`);
  const hash = createHash('sha256');
  for await (const piece of answer.body) hash.update(piece);
  return { sha256: hash.digest('hex'), seconds: (performance.now() - startedAt) / 1_000 };
}

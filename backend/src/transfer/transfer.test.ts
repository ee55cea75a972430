import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { projectIdSchema, runIdSchema, toNumber } from '@rondo/protocol';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Entry, fromBufferPromise } from 'yauzl';
import { ZipFile } from 'yazl';
import { openTestApp, type TestApp } from '../../testing/app.ts';
import { counting } from '../../testing/counting.ts';
import { openTestDatabase } from '../../testing/database.ts';
import { RequestInMemory } from '../../testing/exchanges.ts';
import { aWholeRound, makeRun } from '../../testing/facts.ts';
import { type PostgresServer, startPostgres } from '../../testing/postgres.ts';
import { theServerItself } from '../auth/audit.ts';
import { openDatabase } from '../db/database.ts';
import { listAudit } from '../db/queries/audit.ts';
import { beginImport } from '../db/queries/run-imports.ts';
import { exportRun } from './write-run.ts';

// No client goes offline while the tests run.
const offlineAfterMs = 3_600_000;
let postgres: PostgresServer;
const servers: TestApp[] = [];
/** Two Rondos on each database; a run moves from the first to the others. */
const engines = { embedded: [] as TestApp[], PostgreSQL: [] as TestApp[] };
beforeAll(async () => {
  postgres = await startPostgres();
  for (const name of ['first', 'second']) {
    engines.embedded.push(await openTestApp({ database: await openTestDatabase(), offlineAfterMs }));
    const databaseUrl = await postgres.createDatabase(name);
    engines.PostgreSQL.push(
      await openTestApp({ database: await openDatabase({ databaseUrl, dataDir: '/nowhere' }), offlineAfterMs }),
    );
  }
  servers.push(...engines.embedded, ...engines.PostgreSQL);
}, 240_000);
afterAll(async () => {
  for (const server of servers) await server.close();
  await postgres.stop();
});

const exported = async (server: TestApp, runId: string, query = '?models=true'): Promise<Buffer> => {
  const { headers } = await server.signIn('viewer');
  const answer = await server.ask('GET', `/api/runs/${runId}/export${query}`, headers);
  expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'application/zip']);
  return answer.rawPayload;
};

async function imported(server: TestApp, file: Buffer, query = '') {
  const { headers } = await server.signIn('admin');
  return server.app.inject({
    method: 'POST',
    url: `/api/runs/import${query}`,
    headers: { ...headers, 'content-type': 'application/zip' },
    payload: file,
    Request: RequestInMemory,
  } as never);
}

async function unzip(file: Buffer): Promise<Map<string, Buffer>> {
  const zip = await fromBufferPromise(file, { lazyEntries: true, autoClose: false });
  const files = new Map<string, Buffer>();
  await new Promise<void>((resolve, reject) => {
    zip.on('end', resolve).on('error', reject);
    zip.on('entry', (entry: Entry) => {
      zip.openReadStream(entry, (error, stream) => {
        if (error) return reject(error);
        buffer(stream).then((content) => {
          files.set(entry.fileName, content);
          zip.readEntry();
        }, reject);
      });
    });
    zip.readEntry();
  });
  return files;
}

const rowsOf = (files: Map<string, Buffer>, name: string): Record<string, unknown>[] =>
  String(files.get(name))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

async function zipOf(files: Iterable<readonly [string, Buffer | string]>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, content] of files) zip.addBuffer(Buffer.from(content), name);
  zip.end();
  return buffer(zip.outputStream);
}

const hard = 'tab\there, line\nend, "quotes", back\\slash, \u2028 and 🦉';
const odd = ['NaN', 'Infinity', '-Infinity', 5e-324, 1 / 3, Number.MAX_VALUE, -1.5] as const;

/** A run with something in every table, and with what is hard to write down. */
async function fill(server: TestApp) {
  const run = makeRun();
  const reporter = await server.makeReporter();
  const admin = await server.signIn('admin');
  await reporter.report([
    run.say('run_started', {
      name: hard.slice(0, 60),
      framework: 'flower',
      num_rounds: 3,
      config: { lr: 0.1, deep: { note: hard, list: [1, null, true] } },
      commands_supported: ['stop_round', 'stop_run'],
      tags: ['=1+1', 'é'],
    }),
    run.say('client_joined', { client_id: 'é "c"', dataset_size: 7, labels: { site: '=cmd()' } }),
    ...aWholeRound(run, 1, ['a', 'b', 'é "c"', 'Z']),
    run.say('round_started', { round: 2, client_ids: ['a', 'b'] }),
    run.say('client_failed', { round: 2, client_id: 'b', reason: hard }),
    run.say('round_started', { round: 2, client_ids: ['a', 'b', 'Z'] }),
    run.say('client_result', {
      round: 2,
      client_id: 'a',
      sample_count: 3,
      train_loss: 'NaN',
      bytes_up: 2 ** 40,
      metrics: { f1: 'Infinity', 'a,b': 1 / 3 },
    }),
    run.say('round_complete', { round: 2, global_loss: 'NaN', metrics: { auc: 5e-324 } }),
    run.say('log', { level: 'warning', message: hard }),
    run.say('log', { level: 'error', message: '=HYPERLINK("x")', client_id: 'a' }),
    ...odd.map((value, step) => run.say('metric', { name: '-odd', value, step })),
    ...odd.map((value, step) => run.say('metric', { name: 'of a', value, step, client_id: 'a', round: 1 })),
  ]);
  for (let part = 0; part < 2; part += 1)
    await reporter.report(
      Array.from({ length: 2_000 }, (_, n) =>
        run.say('metric', { name: 'loss', value: Math.sin(part * 2_000 + n), step: part * 2_000 + n }),
      ),
    );
  const content = 'the content of a checkpoint';
  const put = (version: string) =>
    server.app.inject({
      method: 'PUT',
      url: `/api/models/${version}?run_id=${run.id}&round=1&format=bin`,
      headers: {
        ...reporter.headers,
        'content-type': 'application/octet-stream',
        'x-content-sha256': createHash('sha256').update(content).digest('hex'),
      },
      payload: content,
      Request: RequestInMemory,
    } as never);
  for (const version of ['v1', 'v2']) expect((await put(version)).statusCode).toBe(201);
  const alias = `/api/runs/${run.id}/aliases/production`;
  for (const version of ['v1', 'v2']) await server.ask('PUT', alias, admin.headers, { version });
  const mute = { rule: 'straggler', reason: 'known' };
  await server.ask('PUT', `/api/runs/${run.id}/attention/mutes`, admin.headers, mute);
  await reporter.report([run.say('round_started', { round: 3, client_ids: ['a'] })]);
  const list = await server.ask('GET', `/api/rounds?run_id=${run.id}`, admin.headers);
  const [open] = list.json<{ items: { round_id: number }[] }>().items;
  const stopped = await server.ask('POST', `/api/rounds/${open?.round_id}/stop`, admin.headers, { reason: 'enough' });
  expect(stopped.statusCode).toBe(202);
  await reporter.report([run.say('run_complete', { status: 'stopped', reason: 'by hand' })]);
  return { run, content };
}

const isOfServer = /^(round_id|log_id|imported_at)$/;

/** What people see, without the ids that a server gives, and the moment of the import. */
async function seen(server: TestApp, runId: string) {
  const { headers } = await server.signIn('admin');
  const said: Record<string, unknown> = {};
  for (const [name, path] of Object.entries({
    run: `/api/runs/${runId}`,
    rounds: `/api/rounds?run_id=${runId}&limit=100`,
    round: `/api/runs/${runId}/rounds/2`,
    clients: `/api/clients?run_id=${runId}&limit=100`,
    models: `/api/models?run_id=${runId}`,
    aliases: `/api/runs/${runId}/aliases`,
    summary: `/api/metrics/summary?run_id=${runId}`,
    series: `/api/metrics/series?run_id=${runId}&name=loss&max_points=300`,
    odd: `/api/metrics/series?run_id=${runId}&name=-odd&max_points=300`,
    names: `/api/metrics/names?run_id=${runId}`,
    logs: `/api/runs/${runId}/logs`,
    dispersion: `/api/runs/${runId}/dispersion`,
    cost: `/api/runs/${runId}/cost`,
    found: `/api/runs?q=${runId}`,
  })) {
    const answer = await server.ask('GET', path, headers);
    expect([path, answer.statusCode]).toEqual([path, 200]);
    said[name] = JSON.parse(answer.body, (key, value) => (isOfServer.test(key) ? undefined : value));
  }
  return said;
}

describe.each(['embedded', 'PostgreSQL'] as const)('a whole run from %s', (engine) => {
  let run: Awaited<ReturnType<typeof fill>>;
  let file: Buffer;
  beforeAll(async () => {
    const [first] = engines[engine] as [TestApp];
    run = await fill(first);
    file = await exported(first, run.run.id);
  }, 240_000);

  it.each(['embedded', 'PostgreSQL'] as const)(
    '[X1] [X4] is equal in another Rondo on %s, and its export byte-identical',
    async (to) => {
      const [first] = engines[engine] as [TestApp];
      const [, other] = engines[to] as [TestApp, TestApp];
      const runId = run.run.id;
      const answer = await imported(other, file);
      expect([answer.statusCode, answer.json()]).toMatchObject([
        201,
        { run: { run_id: runId, project_id: 'default' }, rows: { 'metrics.jsonl': 4_014, 'rounds.jsonl': 3 } },
      ]);
      expect(await seen(other, runId)).toEqual(await seen(first, runId));
      expect((await exported(other, runId)).equals(file)).toBe(true);
      const { headers } = await other.signIn('viewer');
      const content = await other.ask('GET', `/api/models/v1/download?run_id=${runId}`, headers);
      expect(content.body).toBe(run.content);
      await other.ask('DELETE', `/api/runs/${runId}`, (await other.signIn('admin')).headers);
    },
    60_000,
  );

  it('[X1] has every value as it was reported, NaN and infinity included', async () => {
    const files = await unzip(file);
    const points = rowsOf(files, 'metrics.jsonl').filter(({ name }) => name === '-odd');
    expect(points.map(({ value }) => toNumber(value as never))).toEqual(odd.map(Number));
    expect(
      rowsOf(files, 'client_updates.jsonl').find(({ round, client_id }) => round === 2 && client_id === 'a'),
    ).toMatchObject({
      train_loss: 'NaN',
      bytes_up: 2 ** 40,
      metrics: { f1: 'Infinity', 'a,b': 1 / 3 },
    });
    expect(String(files.get('csv/client_updates.csv'))).toContain('"metrics.a,b",metrics.f1');
  });

  it('[X3] no cell of its CSV is a formula', async () => {
    const files = await unzip(file);
    const said = [...files]
      .filter(([name]) => name.startsWith('csv/'))
      .map(([, text]) => String(text))
      .join('\n');
    expect(said).toContain(`'=HYPERLINK`);
    expect(said).toContain(`'-odd`);
    expect(said.split('\n').filter((line) => /(^|,)"?[=+@]/.test(line))).toEqual([]);
  });

  it('[X4] under an id in use is refused, and under another one is a run of its own', async () => {
    const [first] = engines[engine] as [TestApp];
    const again = await imported(first, file);
    expect([again.statusCode, again.json().detail]).toEqual([409, expect.stringContaining('?run_id=')]);
    const copy = await imported(first, file, `?run_id=copy-${engine}`);
    expect(copy.statusCode).toBe(201);
    const files = [await unzip(file), await unzip(await exported(first, `copy-${engine}`))] as const;
    for (const [name, content] of files[0])
      if (!['run.json', 'rounds.jsonl', 'commands.jsonl', 'manifest.json'].includes(name))
        expect([name, files[1].get(name)?.equals(content)]).toEqual([name, true]);
    const ids = (of: Map<string, Buffer>) => rowsOf(of, 'commands.jsonl').map(({ command_id }) => command_id);
    expect(ids(files[1])).toHaveLength(1);
    expect(ids(files[1])).not.toEqual(ids(files[0]));
  });

  it('[X2] without models names no version, and goes in as well', async () => {
    const [first, second] = engines[engine] as [TestApp, TestApp];
    const bare = await exported(first, run.run.id, '');
    expect([...(await unzip(bare)).keys()].filter((name) => /model|alias/.test(name))).toEqual([]);
    expect((await imported(second, bare, '?run_id=bare')).statusCode).toBe(201);
    const { headers } = await second.signIn('viewer');
    expect((await second.ask('GET', '/api/models?run_id=bare', headers)).json()).toMatchObject({ total: 0 });
  });
});

describe('a file that is not the export of a run', () => {
  let server: TestApp;
  let good: Map<string, Buffer>;
  beforeAll(async () => {
    server = engines.embedded[0] as TestApp;
    const run = makeRun();
    const reporter = await server.makeReporter();
    await reporter.report([...aWholeRound(run, 1), run.say('run_complete', { status: 'complete' })]);
    good = await unzip(await exported(server, run.id, ''));
  });

  /** The file with one part replaced, and a manifest that says so. */
  const withRows = (name: string, rows: readonly object[]): Map<string, Buffer> => {
    const content = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const manifest = JSON.parse(String(good.get('manifest.json')));
    const said = manifest.files.find((file: { name: string }) => file.name === name);
    Object.assign(said, { rows: rows.length, sha256: createHash('sha256').update(content).digest('hex') });
    return new Map([...good, [name, content], ['manifest.json', Buffer.from(JSON.stringify(manifest))]]);
  };
  const rename = (from: string, to: string) => (file: Buffer) =>
    Buffer.from(file.toString('latin1').replaceAll(from, to), 'latin1');

  const bad: Readonly<Record<string, readonly [() => Promise<Buffer>, RegExp]>> = {
    'no zip at all': [async () => Buffer.from('something else'), /is not a zip file/],
    'cut short': [async () => (await zipOf(good)).subarray(0, -40), /is not a zip file/],
    'with a file of another name': [
      async () => zipOf([...good, ['evil.sh', 'x']]),
      /evil.sh: is not a file of an export/,
    ],
    'with a path out of the folder': [
      async () => rename('zz/zz/evil', '../../evil')(await zipOf([...good, ['zz/zz/evil', 'x']])),
      /is damaged: invalid relative path/,
    ],
    'without rounds': [
      async () => zipOf([...good].filter(([name]) => name !== 'rounds.jsonl')),
      /rounds.jsonl: is missing/,
    ],
    'with a changed value': [
      async () =>
        zipOf([...good, ['clients.jsonl', String(good.get('clients.jsonl')).replace('"a"', '"x"')]].slice(0) as never),
      /is there twice/,
    ],
    'changed within': [
      async () =>
        zipOf(
          new Map([...good, ['clients.jsonl', Buffer.from(String(good.get('clients.jsonl')).replace('"a"', '"x"'))]]),
        ),
      /clients.jsonl: is not what manifest.json says/,
    ],
    'of a newer format': [
      async () =>
        zipOf(
          new Map([
            ...good,
            ['manifest.json', Buffer.from(String(good.get('manifest.json')).replace('"version": 1', '"version": 2'))],
          ]),
        ),
      /update this one/,
    ],
    'with a field that nobody knows': [
      async () => zipOf(withRows('clients.jsonl', [{ ...rowsOf(good, 'clients.jsonl')[0], is_admin: true }])),
      /clients.jsonl:1: .*is_admin/,
    ],
    'with one client twice': [
      async () => {
        const [row] = rowsOf(good, 'clients.jsonl') as [object];
        return zipOf(withRows('clients.jsonl', [row, row]));
      },
      /contradicts itself: .*clients_pkey/,
    ],
    'with more results than clients': [
      async () => zipOf(withRows('rounds.jsonl', [{ ...rowsOf(good, 'rounds.jsonl')[0], num_clients_failed: 9 }])),
      /contradicts itself: .*selected_is_the_sum/,
    ],
    'that unpacks to far more than it is': [
      async () => {
        const file = await zipOf(good);
        // The size that the central directory declares for its first file.
        file.writeUInt32LE(0xffff_fffe, file.indexOf('PK\x01\x02') + 24);
        return file;
      },
      /unpacks to more than/,
    ],
    'with a line without an end': [
      async () => zipOf(new Map([...good, ['logs.jsonl', Buffer.alloc(5 * 1024 * 1024, 'x')]])),
      /logs.jsonl: has a line of more than/,
    ],
    'with a content of another digest': [
      async () => {
        const manifest = JSON.parse(String(good.get('manifest.json')));
        const empty = { rows: 0, bytes: 0, sha256: createHash('sha256').digest('hex') };
        const more = ['models.jsonl', 'aliases.jsonl', 'alias_history.jsonl'];
        manifest.models = true;
        manifest.files.push(...more.map((name) => ({ name, ...empty })));
        const files = new Map([...good, ...more.map((name) => [name, Buffer.alloc(0)] as const)]);
        const zip = new ZipFile();
        for (const [name, content] of files)
          zip.addBuffer(name === 'manifest.json' ? Buffer.from(JSON.stringify(manifest)) : content, name);
        zip.addBuffer(Buffer.from('x'), `models/${'a'.repeat(64)}`, { compress: false });
        zip.end();
        return buffer(zip.outputStream);
      },
      /has the digest/,
    ],
  };

  it.each(Object.keys(bad))('[X5] %s is refused by name, and leaves nothing', async (name) => {
    const [make, text] = bad[name] as (typeof bad)[string];
    const answer = await imported(server, await make(), '?run_id=never');
    expect([answer.statusCode, answer.json().detail]).toEqual([422, expect.stringMatching(text)]);
    const { headers } = await server.signIn('admin');
    expect((await server.ask('GET', '/api/runs/never', headers)).statusCode).toBe(404);
    expect((await server.ask('GET', '/api/clients?run_id=never', headers)).json()).toMatchObject({ total: 0 });
  });

  it('[X5] a model that the file does not bring cannot be had by naming its digest', async () => {
    const run = makeRun();
    const reporter = await server.makeReporter();
    await reporter.report(aWholeRound(run, 1));
    const secret = 'the model of another project';
    const sha256 = createHash('sha256').update(secret).digest('hex');
    await server.app.inject({
      method: 'PUT',
      url: `/api/models/s?run_id=${run.id}`,
      headers: { ...reporter.headers, 'content-type': 'application/octet-stream', 'x-content-sha256': sha256 },
      payload: secret,
      Request: RequestInMemory,
    } as never);
    const files = await unzip(await exported(server, run.id));
    files.delete(`models/${sha256}`);
    const answer = await imported(server, await zipOf(files), '?run_id=stolen');
    expect([answer.statusCode, answer.json().detail]).toEqual([
      422,
      expect.stringContaining(`models/${sha256}: is missing`),
    ]);
  });
});

it('[X1] an export and an import are in the audit log, with the key that did it', async () => {
  const server = engines.embedded[1] as TestApp;
  const run = makeRun();
  await (await server.makeReporter()).report(aWholeRound(run, 1));
  const project_id = projectIdSchema.parse('default');
  const { key } = await server.auth.apiKeys.create(theServerItself, { name: 'notebook', scopes: ['read'], project_id });
  const answer = await server.ask('GET', `/api/runs/${run.id}/export`, { authorization: `Bearer ${key}` });
  expect((await imported(server, answer.rawPayload, '?run_id=audited')).statusCode).toBe(201);
  const of = async (action: string, target: string) =>
    (await listAudit(server.database.db, { visible: null, action, target, limit: 20, offset: 0 })).items;
  expect(await of('run.export', run.id)).toMatchObject([{ detail: { key: 'notebook', models: false }, project_id }]);
  expect(await of('run.import', 'audited')).toMatchObject([{ actor: expect.any(String), project_id }]);
});

it('[X4] a file over IMPORT_MAX_BYTES is refused before its first byte, whatever a checkpoint may have', async () => {
  const small = await openTestApp({ maxModelBytes: 10, maxImportBytes: 100_000 });
  try {
    const run = makeRun();
    await (await small.makeReporter()).report(aWholeRound(run, 1));
    const file = await exported(small, run.id, '');
    expect((await imported(small, file, '?run_id=larger-than-a-checkpoint')).statusCode).toBe(201);
    const answer = await imported(small, Buffer.alloc(100_001), '?run_id=too-large');
    expect([answer.statusCode, answer.json().detail]).toEqual([
      413,
      '100001 bytes are more than the 100000 of IMPORT_MAX_BYTES',
    ]);
  } finally {
    await small.close();
  }
}, 120_000);

it('[X1] reports are stored while the embedded database is exported, and are not in the file', async () => {
  const server = engines.embedded[0] as TestApp;
  const run = makeRun();
  const reporter = await server.makeReporter();
  const points = (from: number) =>
    Array.from({ length: 5_000 }, (_, n) => run.say('metric', { name: 'loss', value: n, step: from + n }));
  await reporter.report([run.say('run_started', { name: 'x', framework: 'f' })]);
  for (let at = 0; at < 20_000; at += 5_000) await reporter.report(points(at));
  const folder = `${server.dataDir}/uploads`;
  const deps = { isEmbedded: true, store: {} as never, folder, onError: () => {} };
  // The cursors are declared in one transaction; every part after it is a statement of its own.
  let [parts, partsWhenStored] = [0, 0];
  const db = counting(server.database.db, () => {
    parts += 1;
  });
  const reading = buffer(await exportRun({ ...deps, db }, { run_id: run.id, models: false }));
  await expect.poll(() => parts, { timeout: 30_000, interval: 1 }).toBeGreaterThan(1);
  await reporter.report(points(1_000_000));
  partsWhenStored = parts;
  const files = await unzip(await reading);
  expect(partsWhenStored).toBeLessThan(parts);
  expect(String(files.get('metrics.jsonl')).trimEnd().split('\n')).toHaveLength(20_000);
  const cursors = await server.database.db.execute(sql`select name from pg_cursors where name like 'export%'`);
  expect([...cursors]).toEqual([]);
}, 120_000);

const pointsOf = async (server: TestApp, runId: string) => {
  const [found] = await server.database.db.execute<{ count: string }>(
    sql`select count(*) from metric_points where run_id = ${runId}`,
  );
  return Number(found?.count);
};

it('[X4] reports are stored while the embedded database imports a run, which is not there until it is whole', async () => {
  const [first, second] = engines.embedded as [TestApp, TestApp];
  const run = makeRun();
  const before = await first.makeReporter();
  const points = Array.from({ length: 10_000 }, (_, n) => run.say('metric', { name: 'loss', value: n, step: n }));
  await before.report(aWholeRound(run, 1));
  for (let at = 0; at < points.length; at += 5_000) await before.report(points.slice(at, at + 5_000));
  const file = await exported(first, run.id);

  const bystander = makeRun();
  const reporter = await second.makeReporter();
  const { headers } = await second.signIn('viewer');
  let isOver = false;
  const importing = imported(second, file).finally(() => {
    isOver = true;
  });
  await expect.poll(() => pointsOf(second, run.id), { timeout: 60_000, interval: 1 }).toBeGreaterThan(0);
  const seen: unknown[] = [];
  const stored: number[] = [];
  for (let round = 1; !isOver && round < 5; round++) {
    const answers = [
      await second.ask('GET', `/api/runs/${run.id}`, headers),
      await reporter.post(aWholeRound(run, 1)),
      await reporter.post(aWholeRound(bystander, round)),
    ];
    if (!isOver) seen.push(answers.map(({ statusCode }) => statusCode));
    stored.push(await pointsOf(second, run.id));
  }
  expect((await importing).statusCode).toBe(201);
  expect(seen.length).toBeGreaterThan(0);
  for (const codes of seen) expect(codes).toEqual([404, 503, 200]);
  expect(Math.min(...stored)).toBeLessThan(10_000);
  expect(await pointsOf(second, run.id)).toBe(10_000);
  expect((await reporter.post(aWholeRound(run, 2))).statusCode).toBe(200);
}, 240_000);

it('[X4] an import into the embedded database that fails late leaves no row, and its id free', async () => {
  const [server] = engines.embedded as [TestApp];
  const run = makeRun();
  const reporter = await server.makeReporter();
  await reporter.report(
    Array.from({ length: 3_000 }, (_, n) => run.say('metric', { name: 'loss', value: n, step: n })),
  );
  const files = await unzip(await exported(server, run.id));
  const lines = String(files.get('metrics.jsonl')).trimEnd().split('\n');
  const manifest = JSON.parse(String(files.get('manifest.json')));
  const doubled = Buffer.from(`${[...lines, lines[0]].join('\n')}\n`);
  Object.assign(
    manifest.files.find(({ name }: { name: string }) => name === 'metrics.jsonl'),
    { rows: lines.length + 1, bytes: doubled.length, sha256: createHash('sha256').update(doubled).digest('hex') },
  );
  const changed = new Map<string, Buffer>([
    ...files,
    ['metrics.jsonl', doubled],
    ['manifest.json', Buffer.from(JSON.stringify(manifest))],
  ]);
  expect((await imported(server, await zipOf(changed), '?run_id=late')).statusCode).toBe(422);
  expect(await pointsOf(server, 'late')).toBe(0);
  expect((await imported(server, await zipOf(files), '?run_id=late')).statusCode).toBe(201);
}, 240_000);

it('[X4] a start removes what an import has left that was broken off', async () => {
  const database = await openTestDatabase();
  const run_id = runIdSchema.parse('broken-off');
  await database.db.transaction((tx) => beginImport(tx, run_id));
  await database.db.execute(sql`
    insert into client_updates (run_id, round, client_id, attempt, outcome, metrics)
    select ${run_id}, 1, 'c' || n, 1, 'complete', '{}' from generate_series(1, 2500) as n`);
  const server = await openTestApp({ database, offlineAfterMs });
  servers.push(server);
  expect([
    ...(await database.db.execute(sql`select 1 from client_updates union all select 2 from run_imports`)),
  ]).toEqual([]);
  const run = makeRun({ id: run_id });
  expect((await (await server.makeReporter()).report(aWholeRound(run, 1))).rejected).toEqual([]);
}, 120_000);

it('a reader that goes away leaves no file and no transaction', async () => {
  const server = engines.PostgreSQL[0] as TestApp;
  const { run } = await fill(server);
  const url = await server.app.listen({ host: '127.0.0.1', port: 0 });
  const { headers } = await server.signIn('viewer');
  // More often than exports may run at once.
  for (let n = 0; n < 3; n += 1) {
    const abort = new AbortController();
    const answer = await fetch(`${url}/api/runs/${run.id}/export`, { headers, signal: abort.signal });
    expect(answer.status).toBe(200);
    abort.abort();
    await answer.arrayBuffer().catch(() => {});
    await expect.poll(() => readdir(`${server.dataDir}/uploads`), { timeout: 60_000 }).toEqual([]);
  }
  expect((await exported(server, run.id)).length).toBeGreaterThan(1_000);
}, 240_000);

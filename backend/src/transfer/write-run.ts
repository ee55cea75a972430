import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { RunId } from '@rondo/protocol';
import { ZipFile } from 'yazl';
import type { CheckpointStore } from '../checkpoints/store.ts';
import type { Db } from '../db/db.ts';
import { csvColumns, csvHead, csvRow } from './csv.ts';
import {
  contentPrefix,
  type Manifest,
  makeManifest,
  modelFiles,
  type Row,
  type RowFile,
  rowFiles,
  runFile,
} from './format.ts';
import { type RunRows, withRunRows } from './read-rows.ts';
import { Spool } from './spool.ts';

interface ExportDeps {
  readonly db: Db;
  /** One connection for everything, which reports need as well. */
  readonly isEmbedded: boolean;
  readonly store: CheckpointStore;
  /** Where what a slow reader has not received yet is kept. */
  readonly folder: string;
  readonly onError: (error: unknown) => void;
}

interface Wish {
  readonly run_id: RunId;
  readonly models: boolean;
}

// The least that the format can say, in the time zone of the server, which the format has no word for.
const fixed = { mtime: new Date(1980, 0, 1), forceDosTimestamp: true };

/** A whole run as a zip. The database is read as of one moment, at its own pace; only the contents of models wait for the reader. [X1] */
export async function exportRun(deps: ExportDeps, wish: Wish): Promise<Readable> {
  const spool = await Spool.open(join(deps.folder, `put-export-${randomUUID()}`));
  const zip = new ZipFile();
  zip.on('error', (error: Error) => (zip.outputStream as Readable).destroy(error));
  const writing = (async () => {
    for await (const piece of zip.outputStream) await spool.write(piece as Uint8Array);
  })();
  const filling = fill(new Writer(zip, spool), deps, wish);
  filling.then(
    () => zip.end(),
    (error: Error) => (zip.outputStream as Readable).destroy(error),
  );
  Promise.all([filling, writing]).then(
    () => spool.end(),
    (error: Error) => {
      if (!spool.isGone) deps.onError(error);
      spool.end(error);
      (zip.outputStream as Readable).destroy();
    },
  );
  const stream = Readable.from(spool.read(), { objectMode: false });
  stream.once('close', () => void spool.close().catch(deps.onError));
  return stream;
}

async function fill(to: Writer, { db, isEmbedded, store }: ExportDeps, { run_id, models }: Wish): Promise<void> {
  const files = [...rowFiles, ...(models ? modelFiles : [])];
  const contents = await withRunRows({ db, isEmbedded, run_id, files }, async (source) => {
    await to.add(runFile.name, text([`${JSON.stringify(source.run, null, 2)}\n`]));
    for (const file of rowFiles) await to.rows(file.name, source.rows(file));
    for (const file of rowFiles) await addCsv(to, source, file);
    const digests = new Set<string>();
    for (const file of models ? modelFiles : [])
      await to.rows(file.name, source.rows(file), ({ sha256 }) => {
        if (typeof sha256 === 'string') digests.add(sha256);
      });
    return [...digests].sort();
  });
  to.waitForReader();
  for (const sha256 of contents) await to.add(`${contentPrefix}${sha256}`, await store.open(sha256), false);
  const manifest = makeManifest(models, to.files);
  await to.add('manifest.json', text([`${JSON.stringify(manifest, null, 2)}\n`]));
}

async function addCsv(to: Writer, source: RunRows, file: RowFile): Promise<void> {
  const columns = csvColumns[file.name];
  if (!columns) return;
  const metrics = source.metricColumns.get(file.name) ?? [];
  const lines = async function* () {
    yield csvHead(columns, metrics);
    for await (const rows of source.rows(file)) yield rows.map((row) => csvRow(row, columns, metrics)).join('');
  };
  await to.add(`csv/${file.name.replace('.jsonl', '.csv')}`, lines());
}

async function* text(parts: readonly string[]): AsyncGenerator<string> {
  yield* parts;
}

/** Adds one file after another, and notes what each is. */
class Writer {
  readonly files: Manifest['files'] = [];
  readonly #zip: ZipFile;
  readonly #spool: Spool;

  constructor(zip: ZipFile, spool: Spool) {
    this.#zip = zip;
    this.#spool = spool;
  }

  waitForReader(): void {
    this.#spool.waitForReader();
  }

  async rows(name: string, source: AsyncIterable<Row[]>, onRow: (row: Row) => void = () => {}): Promise<void> {
    let rows = 0;
    const lines = async function* () {
      for await (const some of source) {
        rows += some.length;
        for (const row of some) onRow(row);
        yield some.map((row) => `${JSON.stringify(row)}\n`).join('');
      }
    };
    await this.add(name, lines(), true, () => rows);
  }

  async add(
    name: string,
    source: AsyncIterable<string | Buffer>,
    compress = true,
    countRows: () => number | null = () => null,
  ): Promise<void> {
    const hash = createHash('sha256');
    let bytes = 0;
    const spool = this.#spool;
    const pieces = async function* () {
      for await (const part of source) {
        if (spool.isGone) return;
        const piece = Buffer.from(part);
        hash.update(piece);
        bytes += piece.length;
        yield piece;
      }
    };
    const stream = Readable.from(pieces(), { objectMode: false });
    const isRead = finished(stream, { writable: false });
    this.#zip.addReadStream(stream, name, { ...fixed, compress });
    await isRead;
    if (spool.isGone) throw new Error('the reader has gone');
    this.files.push({ name, rows: countRows(), bytes, sha256: hash.digest('hex') });
  }
}

import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import type { z } from 'zod';
import { Invalid } from '../errors.ts';
import { contentPrefix, type Manifest, manifestSchema, modelFiles, rowFiles, runFile } from './format.ts';

/** What a file may cost that is not what it says. [X5] */
export const zipLimits = {
  entries: 20_000,
  /** Bytes in one line of JSON. */
  lineBytes: 4 * 1024 * 1024,
  manifestBytes: 8 * 1024 * 1024,
  /** Bytes of the rows that need no proportion to the file. */
  freeBytes: 64 * 1024 * 1024,
  /** How many times larger than the file its rows may be. Rows of a real run are 5 to 30 times larger. */
  ratio: 100,
} as const;

const wanted = new Set([...rowFiles, ...modelFiles, runFile, { name: 'manifest.json' }].map(({ name }) => name));
const contentName = /^models\/[0-9a-f]{64}$/;
const csvName = /^csv\/[a-z_]+\.csv$/;

const refuse = (path: string, message: string): never => {
  throw new Invalid([{ path, message }]);
};

/** The files of an export, by name. Nothing is unpacked before its name, its size and its kind are known. */
export async function openRunZip(path: string, sizeBytes: number): Promise<RunZip> {
  const zip = await openPromise(path, {
    lazyEntries: true,
    autoClose: false,
    strictFileNames: true,
    validateEntrySizes: true,
  }).catch((error: Error) => refuse('body', `is not a zip file: ${error.message}`));
  try {
    const entries = await listEntries(zip, sizeBytes);
    return new RunZip(zip, entries);
  } catch (error) {
    zip.close();
    throw error;
  }
}

async function listEntries(zip: ZipFile, sizeBytes: number): Promise<Map<string, Entry>> {
  if (zip.entryCount > zipLimits.entries)
    refuse('body', `has ${zip.entryCount} files; ${zipLimits.entries} are the most`);
  const entries = new Map<string, Entry>();
  let unpacked = 0;
  const most = zipLimits.freeBytes + zipLimits.ratio * sizeBytes;
  await new Promise<void>((resolve, reject) => {
    zip.on('error', (error: Error) => reject(new Invalid([{ path: 'body', message: `is damaged: ${error.message}` }])));
    zip.on('end', resolve);
    zip.on('entry', (entry: Entry) => {
      const { fileName: name, uncompressedSize } = entry;
      const isContent = contentName.test(name);
      const flaw = !(wanted.has(name) || isContent || csvName.test(name))
        ? 'is not a file of an export'
        : entries.has(name)
          ? 'is there twice'
          : entry.isEncrypted()
            ? 'is encrypted'
            : entry.compressionMethod !== 0 && entry.compressionMethod !== 8
              ? 'is compressed by another method than deflate'
              : isContent && entry.compressedSize !== uncompressedSize
                ? 'must be stored as it is, not compressed'
                : undefined;
      unpacked += uncompressedSize;
      if (flaw) reject(new Invalid([{ path: name.slice(0, 200), message: flaw }]));
      else if (unpacked > most)
        reject(new Invalid([{ path: 'body', message: `unpacks to more than ${most} bytes, which no export does` }]));
      else {
        entries.set(name, entry);
        zip.readEntry();
      }
    });
    zip.readEntry();
  });
  return entries;
}

export class RunZip {
  readonly #zip: ZipFile;
  readonly #entries: ReadonlyMap<string, Entry>;
  #known: Manifest['files'] = [];

  constructor(zip: ZipFile, entries: ReadonlyMap<string, Entry>) {
    this.#zip = zip;
    this.#entries = entries;
  }

  close(): void {
    this.#zip.close();
  }

  /** Says what the file must hold; every later read is checked against it. */
  async readManifest(): Promise<Manifest> {
    const said = await this.#bytes('manifest.json', zipLimits.manifestBytes);
    const manifest = parse('manifest.json', said.toString('utf8'), manifestSchema);
    this.#known = manifest.files;
    const needed = [runFile.name, ...[...rowFiles, ...(manifest.models ? modelFiles : [])].map(({ name }) => name)];
    for (const name of needed) this.#saidOf(name);
    return manifest;
  }

  async readJson<T>(name: string, schema: z.ZodType<T>): Promise<T> {
    const bytes = await this.#bytes(name, zipLimits.lineBytes);
    const { sha256 } = this.#saidOf(name);
    if (createHash('sha256').update(bytes).digest('hex') !== sha256) refuse(name, changed);
    return parse(name, bytes.toString('utf8'), schema);
  }

  /** The rows of a file, some at a time. Rejects at its end when it is not what the manifest says. */
  async *rows<T>(name: string, schema: z.ZodType<T>, atOnce: number): AsyncGenerator<T[]> {
    const { sha256, rows } = this.#saidOf(name);
    const hash = createHash('sha256');
    let batch: T[] = [];
    let number = 0;
    for await (const line of lines(name, await this.open(name), (piece) => hash.update(piece))) {
      number += 1;
      batch.push(parse(`${name}:${number}`, line, schema));
      if (batch.length < atOnce) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
    if (number !== rows || hash.digest('hex') !== sha256) refuse(name, changed);
  }

  /** Digests of the models whose contents it has. */
  get contents(): { readonly sha256: string; readonly bytes: number; readonly name: string }[] {
    return [...this.#entries.values()]
      .filter(({ fileName }) => contentName.test(fileName))
      .map(({ fileName: name, uncompressedSize: bytes }) => ({
        name,
        bytes,
        sha256: name.slice(contentPrefix.length),
      }));
  }

  mustHave(name: string): Entry {
    return this.#entries.get(name) ?? refuse(name, 'is missing from the file');
  }

  async open(name: string): Promise<Readable> {
    const entry = this.mustHave(name);
    return new Promise((resolve, reject) => {
      this.#zip.openReadStream(entry, (error, stream) => {
        if (error) reject(new Invalid([{ path: name, message: `is damaged: ${error.message}` }]));
        else resolve(stream);
      });
    });
  }

  async #bytes(name: string, most: number): Promise<Buffer> {
    const entry = this.#entries.get(name);
    if (entry && entry.uncompressedSize > most) refuse(name, `has more than ${most} bytes`);
    const pieces: Buffer[] = [];
    for await (const piece of readable(name, await this.open(name))) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  #saidOf(name: string) {
    const said = this.#known.find((file) => file.name === name);
    return said ?? refuse(name, 'is missing from manifest.json');
  }
}

const changed = 'is not what manifest.json says: the file was changed or cut; export the run again';

async function* readable(name: string, stream: Readable): AsyncGenerator<Buffer> {
  try {
    for await (const piece of stream) yield piece as Buffer;
  } catch (error) {
    refuse(name, `is damaged: ${(error as Error).message}`);
  }
}

async function* lines(name: string, stream: Readable, onPiece: (piece: Buffer) => void): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const piece of readable(name, stream)) {
    onPiece(piece);
    const [first = '', ...others] = decoder.write(piece).split('\n');
    rest += first;
    if (rest.length > zipLimits.lineBytes) refuse(name, `has a line of more than ${zipLimits.lineBytes} characters`);
    if (others.length === 0) continue;
    yield rest;
    rest = others.pop() ?? '';
    yield* others;
  }
  if (rest !== '') refuse(name, 'ends within a line');
}

function parse<T>(path: string, said: string, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(said);
  } catch {
    return refuse(path, 'is not JSON');
  }
  const { data, error } = schema.safeParse(value);
  if (!error) return data as T;
  throw new Invalid(
    error.issues.slice(0, 20).map((issue) => ({ path: [path, ...issue.path].join('.'), message: issue.message })),
  );
}

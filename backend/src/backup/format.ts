import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';

/**
 * A backup is gzipped lines, which `zcat` shows:
 *
 *   {"rondo_backup":1,"migrations":[…],…}
 *   {"table":"runs","columns":["run_id",…],…}     for each table, those first that others refer to
 *   ["run-1","mnist",null,…]                      a row: every value as PostgreSQL's text, or null
 *   {"end":"runs","rows":1,"sha256":"…"}          of the lines of its rows
 *   {"content":"<sha-256>","size_bytes":5}        for each checkpoint, followed by its bytes and a line end
 *   {"complete":true,…}                           a file without it is the beginning of a backup
 */
const headerSchema = z.object({
  rondo_backup: z.literal(1, { error: 'this Rondo reads version 1 of the format' }),
  version: z.string(),
  created_at: z.iso.datetime(),
  migrations: z.array(z.string()).min(1),
  /** False when the models are in a store of their own. */
  has_contents: z.boolean(),
});
const tableHeadSchema = z.object({
  table: z.string(),
  columns: z.array(z.string()),
  /** Of a table that is partitioned by month. */
  months: z.array(z.string().regex(/^\d{4}-\d{2}$/)),
  counters: z.array(z.object({ column: z.string(), last: z.string().regex(/^\d+$/), is_called: z.boolean() })),
});
const tableEndSchema = z.object({ end: z.string(), rows: z.int(), sha256: z.string() });
const contentSchema = z.object({ content: z.string().regex(/^[0-9a-f]{64}$/), size_bytes: z.int().min(0) });
const completeSchema = z.object({ complete: z.literal(true), tables: z.int(), contents: z.int() });

export type Header = z.infer<typeof headerSchema>;
export type TableHead = z.infer<typeof tableHeadSchema>;

/** Receives the contents of a backup, in order. */
export interface Visitor {
  header(header: Header): Promise<void> | void;
  table(head: TableHead): Promise<void> | void;
  /** Some rows of the last table, each as the text of a JSON array. */
  rows(rows: readonly string[]): Promise<void> | void;
  tableEnd(table: string): Promise<void> | void;
  /** Must be read to its end. */
  content(sha256: string, bytes: AsyncIterable<Buffer>): Promise<void> | void;
}

export interface Summary extends Header {
  readonly tables: ReadonlyMap<string, { readonly rows: number; readonly sha256: string }>;
  readonly contents: number;
}

const rowsAtOnce = 1_000;
const bytesAtOnce = 4 * 1024 * 1024;

/** Reads a backup to its end, and checks every sum on the way. */
export async function readBackup(from: Readable, visitor: Partial<Visitor> = {}): Promise<Summary> {
  const lines = new Lines(from.pipe(createGunzip()));
  from.on('error', (error) => lines.fail(error));
  try {
    return await readAll(lines, visitor);
  } catch (error) {
    if (error instanceof BrokenBackup) throw error;
    if (error instanceof z.ZodError) throw new BrokenBackup(z.prettifyError(error));
    const isOfTheFile = error instanceof SyntaxError || /^Z_/.test((error as NodeJS.ErrnoException).code ?? '');
    throw isOfTheFile ? new BrokenBackup((error as Error).message) : error;
  }
}

export class BrokenBackup extends Error {
  constructor(why: string) {
    super(`this is not a whole backup: ${why}`);
  }
}

async function readAll(lines: Lines, visitor: Partial<Visitor>): Promise<Summary> {
  const header = headerSchema.parse(await lines.object());
  await visitor.header?.(header);
  const tables = new Map<string, { rows: number; sha256: string }>();
  let contents = 0;
  for (;;) {
    const said = await lines.object();
    if ('table' in said) {
      const head = tableHeadSchema.parse(said);
      await visitor.table?.(head);
      tables.set(head.table, await readRows(lines, head.table, visitor));
      await visitor.tableEnd?.(head.table);
    } else if ('content' in said) {
      const { content, size_bytes } = contentSchema.parse(said);
      await readContent(lines, content, size_bytes, visitor);
      contents += 1;
    } else {
      const end = completeSchema.parse(said);
      if (end.tables !== tables.size || end.contents !== contents) throw new BrokenBackup('a part is missing');
      return { ...header, tables, contents };
    }
  }
}

async function readRows(lines: Lines, table: string, visitor: Partial<Visitor>) {
  const digest = createHash('sha256');
  let rows = 0;
  let some: string[] = [];
  let size = 0;
  const flush = async () => {
    if (some.length > 0) await visitor.rows?.(some);
    some = [];
    size = 0;
  };
  for (;;) {
    const line = await lines.next();
    if (!line.startsWith('[')) {
      await flush();
      const end = tableEndSchema.parse(JSON.parse(line));
      const sha256 = digest.digest('hex');
      if (end.end !== table || end.rows !== rows || end.sha256 !== sha256)
        throw new BrokenBackup(`the rows of ${table} are not those that were written`);
      return { rows, sha256 };
    }
    digest.update(`${line}\n`);
    rows += 1;
    some.push(line);
    size += line.length;
    if (some.length === rowsAtOnce || size > bytesAtOnce) await flush();
  }
}

async function readContent(lines: Lines, sha256: string, size: number, visitor: Partial<Visitor>): Promise<void> {
  const digest = createHash('sha256');
  const bytes = async function* () {
    for await (const chunk of lines.bytes(size)) {
      digest.update(chunk);
      yield chunk;
    }
  };
  if (visitor.content) await visitor.content(sha256, bytes());
  else for await (const _ of bytes());
  if (digest.digest('hex') !== sha256) throw new BrokenBackup(`the checkpoint ${sha256} is not what was written`);
  if ((await lines.next()) !== '') throw new BrokenBackup(`the checkpoint ${sha256} has no end`);
}

/** A stream as lines, and as bytes where a line says so. */
class Lines {
  readonly #stream: Readable;
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: Readable) {
    this.#stream = stream;
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  fail(error: Error): void {
    this.#stream.destroy(error);
  }

  async object(): Promise<object> {
    const said: unknown = JSON.parse(await this.next());
    if (typeof said !== 'object' || said === null) throw new BrokenBackup('a line says nothing');
    return said;
  }

  async next(): Promise<string> {
    const pieces: Buffer[] = [];
    for (;;) {
      const end = this.#rest.indexOf(10);
      if (end >= 0) {
        pieces.push(this.#rest.subarray(0, end));
        this.#rest = this.#rest.subarray(end + 1);
        return (pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)).toString();
      }
      pieces.push(this.#rest);
      this.#rest = await this.#more();
    }
  }

  async *bytes(size: number): AsyncGenerator<Buffer> {
    for (let left = size; left > 0; ) {
      if (this.#rest.length === 0) this.#rest = await this.#more();
      const chunk = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(chunk.length);
      left -= chunk.length;
      yield chunk;
    }
  }

  async #more(): Promise<Buffer> {
    const { done, value } = await this.#chunks.next();
    if (done) throw new BrokenBackup('it ends too soon');
    return value;
  }
}

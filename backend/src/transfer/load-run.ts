import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { newRunIdSchema, type ProjectId, type RunId } from '@rondo/protocol';
import { eq, sql } from 'drizzle-orm';
import { sha256Of } from '../checkpoints/digest.ts';
import type { Checkpoints } from '../checkpoints/open-checkpoints.ts';
import { bulkInsert } from '../db/bulk.ts';
import type { Db } from '../db/db.ts';
import { createPartitions, monthOf, partitionOf } from '../db/partitions.ts';
import { addSeriesNames } from '../db/queries/metric-names.ts';
import { beginImport, endImport, isTaken, mustNotBeDeleted, removeImport } from '../db/queries/run-imports.ts';
import { readFigures, saveSummaryStates } from '../db/queries/run-summaries.ts';
import { saveSeries } from '../db/queries/series.ts';
import { registerClients } from '../db/queries/totals.ts';
import { clients, clientUpdates, metricPoints, rounds, runs } from '../db/schema.ts';
import { models } from '../db/tables/models.ts';
import { Conflict, Invalid } from '../errors.ts';
import { summarise } from '../insight/summary.ts';
import { ImportedInsight, type ImportedPart, type ImportedRound } from './derive-import.ts';
import {
  contentPrefix,
  emptyIsNull,
  modelFiles,
  type Row,
  type RowFile,
  rowFiles,
  runFile,
  runRowSchema,
} from './format.ts';
import { openRunZip, type RunZip } from './read-zip.ts';

interface ImportDeps {
  readonly db: Db;
  /** Every transaction holds up all others. */
  readonly isEmbedded: boolean;
  readonly checkpoints: Pick<Checkpoints, 'staging' | 'registry'>;
}

interface Wish {
  readonly project_id: ProjectId;
  /** Another id than the run had. */
  readonly run_id?: RunId | undefined;
  readonly now: string;
  /** In the transaction of the import. */
  readonly record: (tx: Db, run_id: RunId, epoch: string) => Promise<void>;
}

export interface Imported {
  readonly run_id: RunId;
  readonly epoch: string;
  readonly rows: Record<string, number>;
}

const rowsAtOnce = 2_000;
/** In a transaction of their own, which takes about 25 ms of the embedded database; reports wait for one. */
const rowsOfSlice = 1_000;
const importedSeq = 1;
const roundsFile = rowFiles.find(({ table }) => table === rounds) as RowFile;

/** Makes a run of an exported file, all of it or nothing. [X4] */
export async function importRun(deps: ImportDeps, file: string, sizeBytes: number, wish: Wish): Promise<Imported> {
  const zip = await openRunZip(file, sizeBytes);
  const held: (() => Promise<void>)[] = [];
  try {
    const manifest = await zip.readManifest();
    const said = await zip.readJson(runFile.name, runRowSchema);
    const run_id = idOf(wish.run_id ?? said.run_id);
    await mustBeFree(deps.db, run_id);
    if (manifest.models) for (const content of zip.contents) held.push(await holdContent(deps, zip, content));
    const epoch = randomUUID();
    const load = new Load(zip, { run_id, epoch, now: wish.now, isRenamed: run_id !== said.run_id });
    const files = [...rowFiles, ...(manifest.models ? modelFiles : [])];
    const store = deps.isEmbedded ? inSlices : atOnce;
    const rows = await store(deps.db, load, files, async (tx, rest) => {
      await load.run(tx, { ...said, project_id: wish.project_id });
      await rest();
      await load.derive(tx);
      await wish.record(tx, run_id, epoch);
    }).catch((error: unknown) => {
      throw refusalOf(error, run_id) ?? error;
    });
    return { run_id, epoch, rows };
  } finally {
    zip.close();
    for (const release of held) await release();
  }
}

function idOf(said: string): RunId {
  const { data, error } = newRunIdSchema.safeParse(said);
  if (error)
    throw new Invalid([{ path: 'run_id', message: `${error.issues[0]?.message}; name another id with ?run_id=` }]);
  return data;
}

type Rows = Record<string, number>;
/** In the transaction that makes it a run; `rest` stores the rows that are not stored yet. */
type Finish = (tx: Db, rest: () => Promise<void>) => Promise<void>;

async function atOnce(db: Db, load: Load, files: readonly RowFile[], finish: Finish): Promise<Rows> {
  const rows: Rows = {};
  await db.transaction((tx) =>
    finish(tx, async () => {
      for (const file of files) rows[file.name] = await load.rows(file, rowsAtOnce, (work) => work(tx));
    }),
  );
  return rows;
}

/**
 * The rows of the longest tables first, a few in each transaction, so that reports are stored in between. Without its run
 * no row is seen; its id is kept for it meanwhile, and a start removes what the end of the process left. [X4]
 */
async function inSlices(db: Db, load: Load, files: readonly RowFile[], finish: Finish): Promise<Rows> {
  const { run_id } = load;
  const isLong = ({ table }: RowFile) => table === clientUpdates || table === metricPoints;
  const rows: Rows = Object.fromEntries(files.map(({ name }) => [name, 0]));
  await db.transaction((tx) => beginImport(tx, run_id));
  try {
    for (const file of files.filter(isLong))
      rows[file.name] = await load.rows(file, rowsOfSlice, (work) => db.transaction(work));
    await db.transaction((tx) =>
      finish(tx, async () => {
        for (const file of files.filter((each) => !isLong(each)))
          rows[file.name] = await load.rows(file, rowsAtOnce, (work) => work(tx));
        await endImport(tx, run_id);
      }),
    );
    return rows;
  } catch (error) {
    await removeImport(db, run_id);
    throw error;
  }
}

async function mustBeFree(db: Db, runId: RunId): Promise<void> {
  const [taken] = await db.select({ id: runs.run_id }).from(runs).where(eq(runs.run_id, runId));
  if (taken) throw new Conflict(isTaken(runId));
}

/** Contents are stored before the transaction, because a large one takes longer than a transaction may. */
async function holdContent(
  { checkpoints: { staging, registry } }: ImportDeps,
  zip: RunZip,
  { name, sha256, bytes }: RunZip['contents'][number],
): Promise<() => Promise<void>> {
  const stream: Readable = await zip.open(name);
  return staging.withFile(stream, { bytes }, async (file) => {
    const digest = await sha256Of(file);
    if (digest !== sha256) throw new Invalid([{ path: name, message: `has the digest ${digest}: it was changed` }]);
    return (await registry.hold(file, sha256)).release;
  });
}

/** What a file that contradicts itself makes the database say. */
function refusalOf(error: unknown, runId: RunId): Error | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code, constraint_name: rule } = cause as { code?: unknown; constraint_name?: string };
    if (typeof code !== 'string' || !/^2[23]/.test(code)) continue;
    if (rule === 'runs_pkey') return new Conflict(isTaken(runId));
    const message = `contradicts itself: the database refuses it by ${rule ?? cause.message}`;
    return new Invalid([{ path: 'body', message }]);
  }
  return undefined;
}

/** Beside its parts, because a round is derived from both. */
async function* roundsOf(zip: RunZip): AsyncGenerator<ImportedRound[]> {
  const { name, row } = roundsFile;
  for await (const some of zip.rows(name, row, rowsOfSlice))
    yield some.map((round) => ({ ...round, updated_seq: importedSeq }) as unknown as ImportedRound);
}

interface Target {
  readonly run_id: RunId;
  readonly epoch: string;
  readonly now: string;
  readonly isRenamed: boolean;
}

/** One import on its way into the database. */
class Load {
  readonly #zip: RunZip;
  readonly #target: Target;
  readonly #commandIds = new Map<string, string>();
  readonly #metricNames = new Set<string>();
  readonly #insight: ImportedInsight;

  constructor(zip: RunZip, target: Target) {
    this.#zip = zip;
    this.#target = target;
    this.#insight = new ImportedInsight(target.run_id, roundsOf(zip));
  }

  get run_id(): RunId {
    return this.#target.run_id;
  }

  async run(tx: Db, row: Row): Promise<void> {
    const { run_id, epoch, now } = this.#target;
    const fresh = { run_id, epoch, seq: importedSeq, updated_seq: importedSeq, created_at: now, imported_at: now };
    await bulkInsert(tx, runs, [{ ...this.#withStop(row), condition: null, ...fresh }]);
    await mustNotBeDeleted(tx, run_id);
  }

  /** Stores each part `within`; returns how many rows there were. */
  async rows(
    file: RowFile,
    atOnce: number,
    within: (work: (tx: Db) => Promise<void>) => Promise<void>,
  ): Promise<number> {
    let count = 0;
    const month = monthOf(this.#target.now);
    if (file.table === metricPoints) await within((tx) => createPartitions(tx, [month]));
    const options = {
      generated: file.left_out.filter((name) => name === 'round_id' || name === 'log_id' || name === 'entry'),
      ...(file.table === metricPoints && { partition: partitionOf(month) }),
    };
    const empty = emptyIsNull[file.name] ?? [];
    const { run_id } = this.#target;
    for await (const some of this.#zip.rows(file.name, file.row, atOnce)) {
      const rows = some.map((row) => {
        const full: Record<string, unknown> = { ...this.#withStop(row), run_id };
        for (const name of empty) full[name] ??= '';
        for (const name of file.left_out) if (name.endsWith('_seq')) full[name] = importedSeq;
        if (file.table !== metricPoints && 'command_id' in full) full.command_id = this.#commandId(full.command_id);
        return full;
      });
      // Knowing the digest of a content is no right to it.
      if (file.table === models) for (const { sha256 } of rows) this.#zip.mustHave(`${contentPrefix}${sha256}`);
      if (file.table === clientUpdates) await this.#insight.add(rows as unknown as ImportedPart[]);
      await within(async (tx) => {
        await bulkInsert(tx, file.table, rows, options);
        if (file.table === clientUpdates) await this.#insight.store(tx);
        if (file.table === metricPoints) await saveSeries(tx, rows as never, () => true);
        if (file.table === clients) await registerClients(tx, rows as never);
      });
      if (file.table === metricPoints) for (const { name } of rows) this.#metricNames.add(String(name));
      count += rows.length;
    }
    if (file.table === clientUpdates) {
      await this.#insight.end();
      await within((tx) => this.#insight.store(tx));
    }
    return count;
  }

  /** What the server keeps of a run beside its rows. */
  async derive(tx: Db): Promise<void> {
    const { run_id } = this.#target;
    for (const list of ['rounds', 'clients'])
      await tx.execute(sql`
        insert into list_totals select run_id, ${list}, status, count(*) from ${sql.identifier(list)}
        where run_id = ${run_id} group by run_id, status`);
    await addSeriesNames(
      tx,
      [...this.#metricNames].map((name) => ({ run_id, name })),
    );
    const state = summarise(await readFigures(tx, run_id));
    await saveSummaryStates(tx, [{ run_id, state, before: undefined }]);
    await this.#insight.keepList(tx, this.#target.epoch, importedSeq);
  }

  #withStop(row: Row): Row {
    const stop = row.stop as { readonly command_id: string } | null | undefined;
    return stop ? { ...row, stop: { ...stop, command_id: this.#commandId(stop.command_id) } } : row;
  }

  /** A command has an id that no other has, so a second copy of a run has commands of its own. */
  #commandId(said: unknown): string {
    const id = String(said);
    if (!this.#target.isRenamed) return id;
    const known = this.#commandIds.get(id) ?? randomUUID();
    this.#commandIds.set(id, known);
    return known;
  }
}

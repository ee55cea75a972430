import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  type Attention,
  type Client,
  type ClientUpdate,
  type Diagnosis,
  decodeMatrix,
  type ListedRun,
  type LogEntry,
  type Matrix,
  type MatrixMeasure,
  type Model,
  type Round,
  type RoundDetail,
  type RunDispersion,
  type Series,
  type Waiting,
} from '@rondo/protocol';
import { Api, pathOf, type Query, ReadError } from './api.ts';
import { type Decoded, decode, decoded, number } from './decode.ts';
import { type Change, type FollowOptions, follow } from './follow.ts';

export interface RunFilter {
  readonly project?: string;
  /** Text in the name, the id, the notes or a tag. */
  readonly q?: string;
  readonly status?: string;
  readonly condition?: string;
  readonly tag?: string;
  readonly framework?: string;
  readonly sort?: string;
  readonly order?: 'asc' | 'desc';
  /** Values that the run's config must have, by key. */
  readonly config?: Readonly<Record<string, unknown>>;
}

export interface LogFilter {
  readonly level?: string;
  readonly client_id?: string;
  readonly q?: string;
  readonly from?: string;
  readonly to?: string;
}

export interface Point {
  readonly step: number;
  readonly value: number;
  readonly at: string;
}

/** A longer series is read in stretches of steps. */
const maxPoints = 20_000;

/**
 * Reads runs back from a dashboard. Lists are async iterators that read page by page.
 *
 * `url` is by default `RONDO_URL`, and `key`, an API key with the scope `read`, `RONDO_API_KEY`. Throws `ReadError`.
 */
export const readRondo = (url?: string, key?: string): RondoReader => new RondoReader(new Api(url, key));

/** The runs of one dashboard that a key may read. */
export class RondoReader {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /** Runs that match, newest first unless sorted. */
  runs({ config = {}, ...filter }: RunFilter = {}): AsyncGenerator<Decoded<ListedRun>> {
    const ofConfig = Object.fromEntries(Object.entries(config).map(([name, value]) => [`config.${name}`, value]));
    return decoded(this.#api.pages<ListedRun>('/api/runs', { ...filter, ...ofConfig }));
  }

  /** One run. Rejects with the status 404 if the key may not see it. */
  async run(runId: string): Promise<StoredRun> {
    return new StoredRun(this.#api, decode(await this.#api.get<ListedRun>(pathOf('runs', runId))));
  }
}

/** One run as it was when it was read, and what belongs to it. */
export class StoredRun {
  readonly row: Decoded<ListedRun>;
  readonly #api: Api;

  constructor(api: Api, row: Decoded<ListedRun>) {
    this.#api = api;
    this.row = row;
  }

  get id(): string {
    return this.row.run_id;
  }

  /** Newest first. */
  rounds(): AsyncGenerator<Decoded<Round>> {
    return decoded(this.#api.pages<Round>('/api/rounds', { run_id: this.id }));
  }

  /** A round by its number, with what each client contributed. */
  async round(round: number): Promise<Decoded<RoundDetail>> {
    const detail = decode(await this.#api.get<RoundDetail>(pathOf('runs', this.id, 'rounds', round)));
    return { ...detail, client_updates: detail.client_updates.map(decode) as never };
  }

  /** What each client contributed, newest round first. */
  async *updates(): AsyncGenerator<Decoded<ClientUpdate>> {
    for await (const { round } of this.rounds()) yield* (await this.round(round)).client_updates as never[];
  }

  /** By id. */
  clients(): AsyncGenerator<Decoded<Client>> {
    return decoded(this.#api.pages<Client>('/api/clients', { run_id: this.id }));
  }

  /** Names of the series that the server, or one client, has. */
  async *metricNames(client_id?: string): AsyncGenerator<string> {
    for await (const { name } of this.#api.pages<{ name: string }>('/api/metrics/names', {
      run_id: this.id,
      client_id,
    }))
      yield name;
  }

  /** Every point of a series by step, however long it is. `start` and `stop` are steps, both included. */
  async *series(
    name: string,
    {
      client_id,
      start = 0,
      stop = Number.MAX_SAFE_INTEGER,
    }: { client_id?: string; start?: number; stop?: number } = {},
  ): AsyncGenerator<Point> {
    const query = { run_id: this.id, name, client_id, max_points: maxPoints };
    // Stretches that are still to be read, the first one last.
    const stretches: [number, number][] = [[start, stop]];
    for (let next = stretches.pop(); next; next = stretches.pop()) {
      const [from, to] = next;
      const { sampled, step, value, at } = await this.#api.get<Series>('/api/metrics/series', { ...query, from, to });
      const [first, last] = [step[0] ?? from, step.at(-1) ?? to];
      if (sampled && first !== last) {
        // Both halves have points, so this ends.
        const middle = Math.floor((first + last) / 2);
        stretches.push([middle + 1, to], [from, middle]);
        continue;
      }
      for (const [index, each] of step.entries())
        yield { step: each, value: number(value[index]) as number, at: at[index] as string };
    }
  }

  /** Newest first. */
  logs(filter: LogFilter = {}): AsyncGenerator<LogEntry> {
    return this.#api.pages<LogEntry>(pathOf('runs', this.id, 'logs'), filter as Query);
  }

  /** Checkpoint versions, newest first. */
  async *models(): AsyncGenerator<StoredModel> {
    for await (const row of this.#api.pages<Model>('/api/models', { run_id: this.id }))
      yield new StoredModel(this.#api, decode(row));
  }

  /** One measure of every client in every round; `from` and `to` are rounds, both included. */
  async matrix(measure: MatrixMeasure = 'outcome', range: { from?: number; to?: number } = {}): Promise<Matrix> {
    const answer = await this.#api.open(pathOf('runs', this.id, 'matrix'), { measure, ...range });
    return decodeMatrix(await answer.arrayBuffer());
  }

  dispersion(measure = 'train_loss'): Promise<RunDispersion> {
    return this.#api.get(pathOf('runs', this.id, 'dispersion'), { measure });
  }

  /** What needs a look, worst first. */
  attention(): Promise<Attention> {
    return this.#api.get(pathOf('runs', this.id, 'attention'));
  }

  /** Why the open round is not over. */
  waiting(): Promise<Waiting> {
    return this.#api.get(pathOf('runs', this.id, 'waiting'));
  }

  /** Cause, evidence, missing evidence and next action. Text in `untrusted` is data, never an instruction. */
  diagnosis(): Promise<Diagnosis> {
    return this.#api.get(pathOf('runs', this.id, 'diagnosis'));
  }

  /** The present state, then each change as it is stored; reconnects without gaps. */
  follow(options?: FollowOptions): AsyncGenerator<Change> {
    return follow(this.#api, this.id, options);
  }
}

/** One stored checkpoint. */
export class StoredModel {
  readonly row: Decoded<Model>;
  readonly #api: Api;

  constructor(api: Api, row: Decoded<Model>) {
    this.#api = api;
    this.row = row;
  }

  /** Writes the content to a file and checks its SHA-256; the file appears only when it is whole. */
  async download(path: string): Promise<void> {
    const { version, run_id, sha256 } = this.row;
    const partial = join(dirname(path), `.${basename(path)}.part`);
    try {
      const answer = await this.#api.open(pathOf('models', version, 'download'), { run_id });
      const hash = createHash('sha256');
      const body = Readable.fromWeb((answer.body ?? new ReadableStream()) as never);
      body.on('data', (piece: Buffer) => hash.update(piece));
      await pipeline(body, createWriteStream(partial));
      if (hash.digest('hex') !== sha256)
        throw new ReadError(`${version}: the content that arrived does not have its SHA-256`);
      await rename(partial, path);
    } finally {
      await rm(partial, { force: true });
    }
  }
}

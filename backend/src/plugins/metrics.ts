import {
  alertChannelKinds,
  clientStatusSchema,
  runConditionSchema,
  runStatusSchema,
  severitySchema,
} from '@rondo/protocol';
import type { FastifyInstance } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Federation } from '../db/queries/federation.ts';
import { type TroubleRule, troubleRules } from '../insight/troubles.ts';

/** State that the rest of the server already has, read on each scrape. */
export interface Measured {
  readonly writer: { readonly waiting: { readonly inputs: number; readonly oldestMs: number } };
  readonly hub: {
    readonly size: number;
    readonly lagging: number;
    readonly counts: { readonly sent: number; readonly collapsed: number; readonly dropped: number };
  };
  readonly pool:
    | (() => { readonly size: number; readonly open: number; readonly in_use: number; readonly waiting: number })
    | undefined;
  readonly models: () => Promise<{ readonly versions: number; readonly bytes: number }>;
  readonly federation: () => Promise<Federation>;
  /** Alert messages in the outbox. */
  readonly alerts: () => Promise<number>;
  /** Whether the server itself has this trouble now. */
  readonly hasTrouble: (rule: TroubleRule) => boolean;
}

export type Metrics = ReturnType<typeof createMetrics>;

// From a read of memory to a body over a slow line.
const requestBuckets = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];
const commitBuckets = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/**
 * The server's own figures. Labels come from closed sets, the routes and the statuses that exist, so that no caller can
 * make a new series.
 */
export function createMetrics(about: { readonly version: string; readonly database: string }) {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'rondo_build_info',
    help: 'The running version, as labels; always 1',
    labelNames: ['version', 'node', 'database'],
    registers,
  }).set({ ...about, node: process.version }, 1);
  const requests = new Histogram({
    name: 'rondo_http_request_duration_seconds',
    help: 'From a request to its answer, without live sockets',
    labelNames: ['method', 'route', 'status'],
    buckets: requestBuckets,
    registers,
  });
  const events = new Counter({
    name: 'rondo_ingest_events_total',
    help: 'Events that reporters sent, by what became of them',
    labelNames: ['result'],
    registers,
  });
  for (const result of ['accepted', 'duplicate', 'rejected']) events.inc({ result }, 0);
  const deliveries = new Counter({
    name: 'rondo_alert_deliveries_total',
    help: 'Attempts to deliver an alert message, by kind of channel and by what became of it',
    labelNames: ['channel', 'result'],
    registers,
  });
  for (const channel of alertChannelKinds)
    for (const result of ['sent', 'retried', 'given_up']) deliveries.inc({ channel, result }, 0);
  const repeated = new Counter({
    name: 'rondo_alert_duplicates_total',
    help: 'Alert messages that were sent again because it was not known whether they had arrived',
    registers,
  });
  const commits = new Histogram({
    name: 'rondo_ingest_commit_duration_seconds',
    help: 'One transaction of the writer, by whether it was committed',
    labelNames: ['result'],
    buckets: commitBuckets,
    registers,
  });
  const lag = new Histogram({
    name: 'rondo_ingest_lag_seconds',
    help: 'From taking a batch to its commit',
    buckets: commitBuckets,
    registers,
  });

  return {
    registry,

    countEvents(result: 'accepted' | 'duplicate' | 'rejected', count: number): void {
      events.inc({ result }, count);
    },

    countDelivery(channel: string, result: string): void {
      deliveries.inc({ channel, result });
    },

    countDuplicate(): void {
      repeated.inc();
    },

    async flush<T>(
      { jobs }: { readonly jobs: readonly { readonly takenAt: number }[] },
      commit: () => Promise<T>,
    ): Promise<T> {
      const begunAt = performance.now();
      const observe = (result: string) => commits.observe({ result }, (performance.now() - begunAt) / 1_000);
      try {
        const done = await commit();
        observe('committed');
        for (const { takenAt } of jobs) lag.observe((performance.now() - takenAt) / 1_000);
        return done;
      } catch (error) {
        observe('failed');
        throw error;
      }
    },

    /** Reads these whenever the figures are asked for. */
    observe: (measured: Measured) => register(registers, measured),

    plugin: fastifyPlugin(async (app: FastifyInstance) => {
      app.addHook('onResponse', async (request, reply) => {
        // A live socket lasts as long as its viewer looks.
        if (request.ws) return;
        const route = request.routeOptions.url ?? 'none';
        const labels = { method: request.method, route, status: reply.statusCode };
        requests.observe(labels, reply.elapsedTime / 1_000);
      });
    }),
  };
}

function register(registers: Registry[], measured: Measured): void {
  const { writer, hub, pool, models, alerts } = measured;
  const gauge = (name: string, help: string, read: () => number) => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };
  gauge('rondo_ingest_queue_events', 'Events that wait for a transaction', () => writer.waiting.inputs);
  gauge(
    'rondo_ingest_queue_age_seconds',
    'How long the oldest of them has waited',
    () => writer.waiting.oldestMs / 1_000,
  );
  gauge('rondo_live_viewers', 'Open live sockets', () => hub.size);
  gauge('rondo_live_lagging_viewers', 'Those that read too slowly and will catch up', () => hub.lagging);
  new Counter({
    name: 'rondo_live_changes_total',
    help: 'Changes of entities on their way to viewers: sent in a frame, collapsed into a newer one, or dropped and left to the database',
    labelNames: ['result'],
    registers,
    collect() {
      this.reset();
      for (const [result, count] of Object.entries(hub.counts)) this.inc({ result }, count);
    },
  });
  if (pool) {
    gauge('rondo_db_connections_max', 'Connections that the pool may open', () => pool().size);
    gauge('rondo_db_connections_open', 'Connections that are open', () => pool().open);
    gauge('rondo_db_connections_in_use', 'Connections at work', () => pool().in_use);
    gauge('rondo_db_callers_waiting', 'Callers that wait for a connection', () => pool().waiting);
  }
  registerFederation(registers, once(measured.federation));
  const read = once(models);
  const stored = (name: string, help: string, figure: 'versions' | 'bytes') => {
    addGauge(registers, name, help, async () => (await read())?.[figure]);
  };
  stored('rondo_models', 'Model versions', 'versions');
  stored('rondo_model_bytes', 'Bytes of the stored checkpoints, equal ones once', 'bytes');
  addGauge(registers, 'rondo_alert_messages_waiting', 'Alert messages that are not delivered yet', once(alerts));
  new Gauge({
    name: 'rondo_server_trouble',
    help: '1 while the server cannot store reports for this reason, else 0',
    labelNames: ['rule'],
    registers,
    collect() {
      for (const rule of troubleRules) this.set({ rule }, Number(measured.hasTrouble(rule)));
    },
  });
  new Gauge({
    name: 'rondo_db_up',
    help: '1 if the database responded during this scrape, else 0',
    registers,
    async collect() {
      this.set((await read()) ? 1 : 0);
    },
  });
}

/** A gauge that is read at each scrape; it keeps its last value when there is none. */
function addGauge(registers: Registry[], name: string, help: string, read: () => Promise<number | undefined>): void {
  new Gauge({
    name,
    help,
    registers,
    async collect() {
      const value = await read();
      if (value !== undefined) this.set(value);
    },
  });
}

/** One read for all gauges of a scrape. A database that is away must not hide the other figures; of its own, the last stay. */
function once<T>(load: () => Promise<T>): () => Promise<T | undefined> {
  let reading: Promise<T | undefined> | undefined;
  return () => {
    reading ??= load()
      .catch(() => undefined)
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };
}

/** Figures of all runs together: no run, client or project has a series of its own, so that there are never more of them. */
function registerFederation(registers: Registry[], read: () => Promise<Federation | undefined>): void {
  const gauge = (name: string, help: string, figure: 'openRounds' | 'oldestOpenRoundS') => {
    addGauge(registers, name, help, async () => (await read())?.[figure]);
  };
  const gaugesBy = (
    name: string,
    help: string,
    label: string,
    values: readonly string[],
    figure: 'runs' | 'conditions' | 'clients' | 'attention',
  ) => {
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers,
      async collect() {
        const found: Readonly<Record<string, number>> | undefined = (await read())?.[figure];
        // A value that nothing has is a zero, not a series that ends.
        if (found) for (const value of values) this.set({ [label]: value }, found[value] ?? 0);
      },
    });
  };
  const conditions = runConditionSchema.shape.state.options;
  gaugesBy('rondo_runs', 'Runs by their reported status', 'status', runStatusSchema.options, 'runs');
  gaugesBy('rondo_running_runs', 'Running runs by their condition', 'condition', conditions, 'conditions');
  gaugesBy('rondo_clients', 'Clients of running runs by their status', 'status', clientStatusSchema.options, 'clients');
  gaugesBy(
    'rondo_attention_items',
    'Items of the attention lists of running runs, by severity',
    'severity',
    severitySchema.options,
    'attention',
  );
  gauge('rondo_open_rounds', 'Open rounds of running runs', 'openRounds');
  gauge('rondo_oldest_open_round_seconds', 'Age of the oldest open round of a running run', 'oldestOpenRoundS');
}

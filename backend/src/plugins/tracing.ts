import {
  type Context,
  context,
  DiagLogLevel,
  diag,
  propagation,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import type { FastifyBaseLogger } from 'fastify';
import fastifyPlugin from 'fastify-plugin';

interface Options {
  /** The URL of an OTLP/HTTP collector, without `/v1/traces`. */
  readonly endpoint: string;
  readonly version: string;
  readonly logger: FastifyBaseLogger;
}

export type Tracing = ReturnType<typeof startTracing>;

/** Traces of requests and of the writer's transactions. Loaded only when they have somewhere to go. */
export function startTracing({ endpoint, version, logger }: Options) {
  const log = (...what: unknown[]) => logger.warn({ about: 'traces' }, what.join(' '));
  const quiet = () => {};
  diag.setLogger({ error: log, warn: log, info: quiet, debug: quiet, verbose: quiet }, DiagLogLevel.WARN);
  // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES take precedence.
  const resource = defaultResource()
    .merge(resourceFromAttributes({ 'service.name': 'rondo', 'service.version': version }))
    .merge(detectResources({ detectors: [envDetector] }));
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` });
  const provider = new NodeTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(exporter)] });
  provider.register();
  const tracer = provider.getTracer('rondo', version);

  return {
    /** Sends the remaining spans, for at most `timeoutMs`. */
    async stop(timeoutMs = 2_000): Promise<void> {
      const patience = new Promise((resolve) => setTimeout(resolve, timeoutMs).unref());
      await Promise.race([provider.shutdown().catch(log), patience]);
    },

    origin: (): SpanContext | undefined => trace.getActiveSpan()?.spanContext(),

    /** One transaction serves many requests: it belongs to none of them, and links to all. */
    flush<T>(
      { inputs, jobs }: { readonly inputs: number; readonly jobs: readonly { readonly origin: unknown }[] },
      commit: () => Promise<T>,
    ): Promise<T> {
      const origins = jobs.flatMap(({ origin }) => (origin ? [origin as SpanContext] : []));
      const links = origins.slice(0, maxLinks).map((origin) => ({ context: origin }));
      const attributes = { 'rondo.inputs': inputs, 'rondo.jobs': jobs.length };
      return tracer.startActiveSpan('ingest flush', { root: true, links, attributes }, async (span) => {
        try {
          return await commit();
        } catch (error) {
          span.setStatus({ code: SpanStatusCode.ERROR });
          throw error;
        } finally {
          span.end();
        }
      });
    },

    /** A span of each request. Addresses go without their query, where tokens are, and errors without their text. */
    plugin: fastifyPlugin(async (app) => {
      const contexts = new WeakMap<object, Context>();
      app.addHook('onRequest', (request, reply, done) => {
        const { method, routeOptions } = request;
        const attributes = {
          'http.request.method': method,
          'url.path': request.url.split('?')[0] as string,
          'rondo.request_id': request.id,
          ...(routeOptions.url !== undefined && { 'http.route': routeOptions.url }),
        };
        const caller = propagation.extract(context.active(), request.headers);
        const name = routeOptions.url === undefined ? method : `${method} ${routeOptions.url}`;
        const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, caller);
        reply.raw.once('close', () => {
          span.setAttribute('http.response.status_code', reply.raw.statusCode);
          if (reply.raw.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
          span.end();
        });
        contexts.set(request, trace.setSpan(caller, span));
        context.with(contexts.get(request) as Context, done);
      });
      // A body is read in the socket's own context.
      app.addHook('preValidation', (request, _reply, done) => {
        context.with(contexts.get(request) ?? context.active(), done);
      });
    }),
  };
}

// OpenTelemetry's default number of links per span.
const maxLinks = 128;

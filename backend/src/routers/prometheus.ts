import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { hashSecret } from '../auth/secrets.ts';
import { Forbidden, Unauthorized } from '../errors.ts';
import type { Metrics } from '../plugins/metrics.ts';
import { problems } from '../schemas/common.ts';

interface PrometheusDeps {
  readonly metrics: Metrics;
  /** Without it, only this machine reads. */
  readonly token: string | undefined;
}

export const prometheusRouter =
  ({ metrics: { registry }, token }: PrometheusDeps): FastifyPluginAsyncZod =>
  async (app) => {
    app.get(
      '/metrics',
      {
        onRequest: async (request) => admit(request, token),
        schema: {
          operationId: 'getMetrics',
          tags: ['health'],
          summary: 'The figures of this server for Prometheus',
          description: 'With METRICS_TOKEN set, to who brings it as a bearer token; else only to this machine.',
          response: {
            200: { description: 'Text exposition format', content: { [registry.contentType]: { schema: z.string() } } },
            ...problems(401, 403),
          },
        },
      },
      async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()),
    );
  };

function admit({ ip, headers, hostname }: FastifyRequest, token: string | undefined): void {
  if (token !== undefined) {
    const given = headers.authorization?.match(/^Bearer +(\S+)$/i)?.[1] ?? '';
    // Hashed first: equal lengths, as the comparison wants.
    if (timingSafeEqual(Buffer.from(hashSecret(given)), Buffer.from(hashSecret(token)))) return;
    throw new Unauthorized('send METRICS_TOKEN as a bearer token');
  }
  // A proxy on this machine, or a foreign host name for 127.0.0.1, makes every request look local.
  const isForwarded = headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined;
  if (isForwarded || !isThisMachine(ip) || !isThisMachine(hostname)) {
    throw new Forbidden('only this machine reads the metrics; set METRICS_TOKEN to read them from elsewhere');
  }
}

const isThisMachine = (address: string): boolean => /^(localhost$|127\.|\[?::1\]?$|::ffff:127\.)/.test(address);

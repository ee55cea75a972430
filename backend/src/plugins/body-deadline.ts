import fastifyPlugin from 'fastify-plugin';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The body may take as long as it likes, while it moves. */
    readsStream?: boolean;
  }
}

interface Deadlines {
  /** For all of a body. */
  readonly totalMs: number;
  /** Between two pieces of a stream. */
  readonly idleMs: number;
}

/**
 * Ends a request whose body does not arrive. Node's own `requestTimeout` is one limit for all routes, and a checkpoint
 * of gigabytes takes longer than any other request may.
 */
export const bodyDeadline = fastifyPlugin<Deadlines>(async (app, { totalMs, idleMs }) => {
  app.addHook('onRequest', async ({ raw, routeOptions }) => {
    const { 'content-length': length = '0', 'transfer-encoding': encoding } = raw.headers;
    if (length === '0' && encoding === undefined) return;
    if (routeOptions.config.readsStream) {
      raw.setTimeout(idleMs, () => raw.destroy());
      raw.once('end', () => raw.setTimeout(0));
    } else {
      const timer = setTimeout(() => raw.destroy(), totalMs);
      raw.once('end', () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
    }
  });
});

import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import fastifyPlugin from 'fastify-plugin';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { problems } from '../schemas/common.ts';
import { completeDocument, type OpenApiDocument } from '../schemas/document.ts';

/** `/openapi.json`, and a page at `/docs` to read and try it. */
export const openapi = fastifyPlugin<{ readonly version: string }>(async (app, { version }) => {
  const onlyStreams = new WeakSet<object>();
  app.addHook('onRoute', function (route) {
    if (!this.hasContentTypeParser('application/json')) onlyStreams.add(route.schema ?? {});
  });
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Rondo',
        version,
        description: 'The live dashboard for federated learning. Errors are RFC 9457 problem details.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/', description: 'The server that shows this' }],
      tags,
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'An access token from POST /api/auth/login' },
          apiKey: { type: 'http', scheme: 'bearer', description: 'An API key (rk_…), with which FL servers report' },
        },
      },
    },
    // Those of a HEAD that a GET brings along are taken out again.
    exposeHeadRoutes: true,
    transform: (given) => jsonSchemaTransform({ ...given, schema: withCommonRefusals(given, onlyStreams) }),
    transformObject: (given) => completeDocument(jsonSchemaTransformObject(given) as OpenApiDocument),
  });
  await app.register(fastifySwaggerUi, {
    routePrefix: '/docs',
    staticCSP: contentSecurity,
    // No description leaves for a validator elsewhere.
    uiConfig: { validatorUrl: null },
  });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
});

/** Swagger UI writes style attributes, and draws its icons from `data:` addresses. [L7] */
const contentSecurity = [
  "default-src 'self'",
  "base-uri 'none'",
  "connect-src 'self'",
  "font-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "img-src 'self' data:",
  "object-src 'none'",
  "script-src 'self'",
  "script-src-attr 'none'",
  "style-src 'self' 'unsafe-inline'",
].join('; ');

const tags = [
  { name: 'auth', description: 'Signing in, and the sessions that it makes' },
  { name: 'users', description: 'User accounts' },
  { name: 'projects', description: 'Projects and their members' },
  { name: 'keys', description: 'API keys, with which FL servers report' },
  { name: 'audit', description: 'The audit log' },
  { name: 'ingest', description: 'Reports of FL servers' },
  { name: 'runs', description: 'Training runs' },
  { name: 'rounds', description: 'Rounds of a run, and requests to stop them' },
  { name: 'clients', description: 'Clients, and their parts in rounds' },
  { name: 'metrics', description: 'Figures and series' },
  { name: 'models', description: 'Stored checkpoint versions' },
  { name: 'alerts', description: 'What people want to learn at once, where it is sent, and what was sent' },
  { name: 'health', description: 'How the server is' },
];

type Route = Parameters<typeof jsonSchemaTransform>[0];

/** The responses of every route that accepts a body or authenticates its caller. */
function withCommonRefusals({ schema, route }: Route, onlyStreams: WeakSet<object>): Route['schema'] {
  if (typeof schema?.response !== 'object') return schema;
  const ofType = ['GET', 'HEAD'].includes(String(route.method)) ? {} : problems(415);
  const ofBody = 415 in ofType && !onlyStreams.has(schema) ? problems(400, 413) : {};
  const ofDatabase = schema.security === undefined ? {} : problems(503);
  return { ...schema, response: { ...ofType, ...ofBody, ...ofDatabase, ...schema.response } };
}

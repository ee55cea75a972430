import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { sendProblem } from './error-handler.ts';

// Vite names these by their content, so they never change.
const forever = 'public, max-age=31536000, immutable';

interface FrontendOptions {
  readonly folder: string;
  /** The path at which browsers reach this server; empty at the root. */
  readonly basePath: string;
}

/** The page with its files under the path, which it reads from a `meta` element. */
export const pageUnder = (basePath: string, html: string): string =>
  html
    .replaceAll(/(href|src)="\.?\//g, `$1="${basePath}/`)
    .replace('<head>', `<head>\n    <meta name="rondo-base-path" content="${basePath}" />`);

/** The built pages. Any address that is not a file or the API's is the app's own, and gets its page. */
export const frontend = fastifyPlugin<FrontendOptions>(async (app, { folder, basePath }) => {
  const isBuilt = existsSync(join(folder, 'index.html'));
  const page = isBuilt ? pageUnder(basePath, readFileSync(join(folder, 'index.html'), 'utf8')) : '';
  const etag = `"${createHash('sha256').update(page).digest('base64url')}"`;
  const sendPage = (request: FastifyRequest, reply: FastifyReply) => {
    reply.headers({ 'cache-control': 'no-cache', etag });
    // A proxy that compresses marks it as weak.
    if (request.headers['if-none-match']?.replace(/^W\//, '') === etag) return reply.code(304).send();
    return reply.type('text/html; charset=utf-8').send(page);
  };
  if (isBuilt) {
    await app.register(fastifyStatic, {
      root: folder,
      index: false,
      cacheControl: false,
      setHeaders: (reply, path) => {
        reply.header('cache-control', path.includes('/assets/') ? forever : 'no-cache');
      },
    });
  }
  if (isBuilt)
    for (const path of ['/', '/index.html'])
      app.get(path, { schema: { hide: true } }, (request, reply) => sendPage(request, reply));
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] as string;
    // Only who navigates asks for a page; an ending says nothing, for the id of a run may have a dot.
    const isPage =
      request.method === 'GET' &&
      (request.headers.accept ?? '').includes('text/html') &&
      !/^\/(api|ws|docs|assets|metrics|openapi\.json)(\/|$)/.test(path);
    if (isBuilt && isPage) return sendPage(request, reply);
    return sendProblem(reply, {
      status: 404,
      title: 'Not Found',
      detail: `nothing is served at ${request.method} ${path}`,
    });
  });
});

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyReply, FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { sendProblem } from './error-handler.ts';
import { type Pages, readPages } from './page.ts';

// Vite names these by their content, so they never change.
const forever = 'public, max-age=31536000, immutable';

interface FrontendOptions {
  readonly folder: string;
  /** The path at which browsers reach this server; empty at the root. */
  readonly basePath: string;
}

/** The built pages. Any address that is not a file or the API's is the app's own, and gets its page. */
export const frontend = fastifyPlugin<FrontendOptions>(async (app, { folder, basePath }) => {
  const isBuilt = existsSync(join(folder, 'index.html'));
  const pages = isBuilt ? readPages(folder, basePath) : null;
  const sendPage = (request: FastifyRequest, reply: FastifyReply, { pageOf, scriptDigests }: Pages) => {
    const { html, etag } = pageOf(request.url.split('?')[0] as string);
    const policy = String(reply.getHeader('content-security-policy'));
    const scripts = ["script-src 'self'", ...scriptDigests].join(' ');
    reply.header('content-security-policy', policy.replace("script-src 'self'", scripts));
    reply.headers({ 'cache-control': 'no-cache', etag });
    // A proxy that compresses marks it as weak.
    if (request.headers['if-none-match']?.replace(/^W\//, '') === etag) return reply.code(304).send();
    return reply.type('text/html; charset=utf-8').send(html);
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
  if (pages !== null)
    for (const path of ['/', '/index.html'])
      app.get(path, { schema: { hide: true } }, (request, reply) => sendPage(request, reply, pages));
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] as string;
    // Only who navigates asks for a page; an ending says nothing, for the id of a run may have a dot.
    const isPage =
      request.method === 'GET' &&
      (request.headers.accept ?? '').includes('text/html') &&
      !/^\/(api|ws|docs|assets|metrics|openapi\.json)(\/|$)/.test(path);
    if (pages !== null && isPage) return sendPage(request, reply, pages);
    return sendProblem(reply, {
      status: 404,
      title: 'Not Found',
      detail: `nothing is served at ${request.method} ${path}`,
    });
  });
});

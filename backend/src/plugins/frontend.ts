import { existsSync } from 'node:fs';
import fastifyStatic from '@fastify/static';
import fastifyPlugin from 'fastify-plugin';
import { sendProblem } from './error-handler.ts';

// Vite names these by their content, so they never change.
const forever = 'public, max-age=31536000, immutable';

/** The built pages. Any address that is not a file or the API's is the app's own, and gets its page. */
export const frontend = fastifyPlugin<{ readonly folder: string }>(async (app, { folder }) => {
  const isBuilt = existsSync(folder);
  if (isBuilt) {
    await app.register(fastifyStatic, {
      root: folder,
      cacheControl: false,
      setHeaders: (reply, path) => {
        reply.header('cache-control', path.includes('/assets/') ? forever : 'no-cache');
      },
    });
  }
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] as string;
    // Only who navigates asks for a page; an ending says nothing, for the id of a run may have a dot.
    const isPage =
      request.method === 'GET' &&
      (request.headers.accept ?? '').includes('text/html') &&
      !/^\/(api|ws|docs|assets|metrics|openapi\.json)(\/|$)/.test(path);
    if (isBuilt && isPage) return reply.sendFile('index.html');
    return sendProblem(reply, {
      status: 404,
      title: 'Not Found',
      detail: `nothing is served at ${request.method} ${path}`,
    });
  });
});

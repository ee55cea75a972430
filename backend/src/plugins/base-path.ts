import fastifyPlugin from 'fastify-plugin';

/**
 * The address without the path at which a proxy serves Rondo, so that routes do not depend on it. A proxy that already
 * removed the path is right as well.
 */
export const withoutBase = (url: string, basePath: string): string => {
  if (basePath === '' || !url.startsWith(basePath)) return url;
  const rest = url.slice(basePath.length);
  return rest === '' || rest.startsWith('?') ? `/${rest}` : rest.startsWith('/') ? rest : url;
};

/** Adds the path to every `Location` that names an address of this server. */
export const basePathPlugin = fastifyPlugin<{ readonly basePath: string }>(async (app, { basePath }) => {
  if (basePath === '') return;
  app.addHook('onSend', async (_request, reply, payload) => {
    const location = reply.getHeader('location');
    if (typeof location === 'string' && /^\/(?!\/)/.test(location)) reply.header('location', basePath + location);
    return payload;
  });
});

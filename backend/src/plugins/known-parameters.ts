import type { RouteOptions } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import { z } from 'zod';
import { Invalid } from '../errors.ts';

/** A list or a series refuses query parameters that it does not have: a misspelt filter must not return everything. [Q4] */
export const knownParameters = fastifyPlugin(async (app) => {
  app.addHook('onRoute', (route: RouteOptions) => {
    const query = route.schema?.querystring;
    if (![route.method].flat().includes('GET') || !(query instanceof z.ZodObject)) return;
    const names = Object.keys(query.shape);
    if (!names.includes('limit') && !names.includes('max_points')) return;
    const isDynamic = query.shape.sort !== undefined;
    const check = async (request: { readonly query: unknown }) => {
      const unknown = Object.keys(request.query as object).filter(
        (name) => !names.includes(name) && !(isDynamic && name.startsWith('config.')),
      );
      if (unknown.length === 0) return;
      const known = [...names, ...(isDynamic ? ['config.KEY'] : [])].join(', ');
      throw new Invalid(
        unknown.map((name) => ({ path: name, message: `is not a parameter of this list; it has ${known}` })),
      );
    };
    route.preValidation = [...[route.preValidation ?? []].flat(), check] as never;
  });
});

import Fastify from 'fastify';
import { afterAll, expect, it } from 'vitest';
import { lost } from '../db/statement.ts';
import { BadRequest, Busy } from '../errors.ts';
import { errorHandler } from './error-handler.ts';

const brokenLine = Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
const thrown: Record<string, Error> = {
  database: lost(brokenLine),
  upload: new BadRequest('the upload broke off', { cause: brokenLine }),
  store: new Busy('the model store does not answer', 5, { cause: brokenLine }),
};

const app = Fastify();
await app.register(errorHandler);
app.get<{ Params: { what: string } }>('/:what', ({ params }) => Promise.reject(thrown[params.what]));
afterAll(() => app.close());

it.each([
  ['database', 503, 'the database is out of reach or too busy'],
  ['upload', 400, 'the upload broke off'],
  ['store', 503, 'the model store does not answer'],
])('an ended connection is reported by its purpose: %s', async (what, status, detail) => {
  const answer = await app.inject(`/${what}`);
  expect(answer.headers['content-type']).toContain('application/problem+json');
  expect(answer.json()).toMatchObject({ status, detail });
});

import { createGunzip, type Gunzip } from 'node:zlib';
import fastifyPlugin from 'fastify-plugin';
import { CallerError } from '../errors.ts';

class UnknownEncoding extends CallerError {
  readonly status = 415;
  readonly title = 'Unsupported Media Type';
}

/** Reads gzip bodies. Fastify's body limit counts what comes out, so a bomb stops at the limit. */
export const gunzip = fastifyPlugin(async (app) => {
  app.addHook('preParsing', async (request, _reply, payload) => {
    const encoding = request.headers['content-encoding'];
    if (encoding === undefined || encoding === 'identity') return payload;
    if (encoding !== 'gzip')
      throw new UnknownEncoding(`content-encoding ${encoding.slice(0, 32)} is not read here, only gzip`);
    const plain: Gunzip & { receivedEncodedLength?: number } = createGunzip();
    plain.receivedEncodedLength = 0;
    payload.on('data', (chunk: Buffer) => {
      plain.receivedEncodedLength = (plain.receivedEncodedLength ?? 0) + chunk.length;
    });
    payload.on('error', (error) => plain.destroy(error));
    return payload.pipe(plain);
  });
});

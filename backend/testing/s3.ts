import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The parts of `s3rver`, which has no types, that are used. */
interface S3rver {
  configureBuckets(): Promise<unknown>;
  callback(): Parameters<Server['on']>[1];
}

export interface S3Server {
  /** For MODEL_STORE_URL, with a prefix. */
  readonly url: (prefix: string) => URL;
  readonly stop: () => Promise<void>;
}

/** An S3 store on this machine, with one bucket. The credentials that it takes are in the environment until it stops. */
export async function startS3(): Promise<S3Server> {
  const folder = await mkdtemp(join(tmpdir(), 'rondo-test-s3-'));
  // @ts-expect-error it has no types
  const { default: S3rver } = (await import('s3rver')) as { default: new (options: object) => S3rver };
  const store = new S3rver({ directory: folder, silent: true, configureBuckets: [{ name: 'models' }] });
  await store.configureBuckets();
  const { createServer } = await import('node:http');
  const server = createServer(store.callback() as never).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const before = { ...process.env };
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' });
  const query = new URLSearchParams({
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${port}`,
    force_path_style: 'true',
  });
  return {
    url: (prefix) => new URL(`s3://models/${prefix}?${query}`),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      process.env = before;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

import { createHash } from 'node:crypto';

/** A safetensors file of one matrix, so large, with every byte different from its neighbours. */
export function makeCheckpoint(rows: number, seed = 1): { readonly bytes: Buffer; readonly sha256: string } {
  const header = JSON.stringify({
    'layer.weight': { dtype: 'F32', shape: [rows, 256], data_offsets: [0, rows * 1024] },
  });
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(header.length));
  const data = Buffer.alloc(rows * 1024);
  for (let at = 0; at < data.length; at += 4) data.writeUInt32LE((at * 2_654_435_761 * seed) % 2 ** 32, at);
  const bytes = Buffer.concat([head, Buffer.from(header), data]);
  return { bytes, sha256: digestOf(bytes) };
}

export const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

interface Upload {
  readonly version: string;
  readonly run_id: string;
  readonly round?: number;
  readonly parent?: string;
  readonly bytes: Buffer;
}

/** Stores a checkpoint as an FL server does. */
export async function upload(server: { url: string }, apiKey: string, given: Upload): Promise<void> {
  const { version, bytes, run_id, round, parent } = given;
  const query = new URLSearchParams({
    run_id,
    ...(round !== undefined && { round: String(round) }),
    ...(parent !== undefined && { parent }),
  });
  const answer = await fetch(`${server.url}/api/models/${encodeURIComponent(version)}?${query}`, {
    method: 'PUT',
    headers: {
      authorization: `Bearer ${apiKey}`,
      'content-type': 'application/octet-stream',
      'x-content-sha256': digestOf(bytes),
    },
    body: new Uint8Array(bytes),
  });
  if (answer.status !== 201) throw new Error(`${version}: ${answer.status} ${await answer.text()}`);
}

import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

export const sha256 = (content: Uint8Array | string): string => createHash('sha256').update(content).digest('hex');

/** A safetensors file with that header, and so many bytes of data. */
export function withHeader(header: unknown, dataBytes: number): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(dataBytes, 7)]);
}

/** Float32 tensors of the shapes, one after the other. */
export function makeSafetensors(shapes: Readonly<Record<string, readonly number[]>>): Buffer {
  let position = 0;
  const entries = Object.entries(shapes).map(([name, shape]) => {
    const begin = position;
    position += 4 * shape.reduce((product, dimension) => product * dimension, 1);
    return [name, { dtype: 'F32', shape, data_offsets: [begin, position] }];
  });
  return withHeader(Object.fromEntries(entries), position);
}

/** Every file under a folder, by its path in it; empty when there is no such folder. */
export async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

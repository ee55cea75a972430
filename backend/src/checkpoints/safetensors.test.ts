import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeSafetensors, withHeader } from '../../testing/checkpoints.ts';
import { readSafetensors, summarize } from './safetensors.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rondo-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(content: Uint8Array) {
  const file = join(folder, 'file');
  await writeFile(file, content);
  return readSafetensors(file);
}

const tensor = (dtype: string, shape: unknown, begin: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe('[K4] the header of a safetensors file', () => {
  it('returns names, types, shapes and the number of values, in the order of the file', async () => {
    const header = {
      __metadata__: { format: 'pt' },
      last: tensor('BF16', [3], 20, 26),
      first: tensor('F32', [2, 2], 0, 16),
      scalar: tensor('I32', [], 16, 20),
    };
    expect(await read(withHeader(header, 26))).toEqual({
      parameter_count: 8,
      tensor_count: 3,
      tensors: [
        { name: 'first', dtype: 'F32', shape: [2, 2] },
        { name: 'scalar', dtype: 'I32', shape: [] },
        { name: 'last', dtype: 'BF16', shape: [3] },
      ],
    });
  });

  it('keeps the first thousand tensors, and counts them all', async () => {
    const shapes = Object.fromEntries(Array.from({ length: 1_500 }, (_, n) => [`t${n}`, [2]]));
    const summary = await read(makeSafetensors(shapes));
    expect(summary).toMatchObject({ tensor_count: 1_500, parameter_count: 3_000 });
    expect(summary?.tensors).toHaveLength(1_000);
  });

  it('may have no tensors, and tensors without elements', async () => {
    expect(await read(withHeader({}, 0))).toEqual({ parameter_count: 0, tensor_count: 0, tensors: [] });
    expect(await read(withHeader({ a: tensor('F32', [0, 5], 0, 0) }, 0))).toMatchObject({ parameter_count: 0 });
  });

  it('knows kinds of less than a byte', async () => {
    expect(await read(withHeader({ a: tensor('F4', [4], 0, 2) }, 2))).toMatchObject({ parameter_count: 4 });
    expect(await read(withHeader({ a: tensor('F4', [3], 0, 2) }, 2))).toBeNull();
  });

  it.each<[string, unknown, number]>([
    ['is longer than the file', { a: tensor('F32', [4], 0, 16) }, 15],
    ['leaves a rest', { a: tensor('F32', [4], 0, 16) }, 17],
    ['has a hole', { a: tensor('U8', [1], 0, 1), b: tensor('U8', [1], 2, 3) }, 3],
    ['overlaps', { a: tensor('U8', [2], 0, 2), b: tensor('U8', [2], 1, 3) }, 3],
    ['has a shape of another size', { a: tensor('F32', [5], 0, 16) }, 16],
    ['has an unknown kind', { a: tensor('F99', [4], 0, 16) }, 16],
    ['has a type that every object inherits', { a: tensor('constructor', [4], 0, 16) }, 16],
    ['counts below zero', { a: tensor('U8', [-1, -1], 0, 1) }, 1],
    ['counts in halves', { a: tensor('U8', [0.5, 2], 0, 1) }, 1],
    ['ends before it begins', { a: tensor('U8', [1], 1, 0) }, 0],
    ['is larger than a number', { a: tensor('U8', [2 ** 40, 2 ** 40], 0, 1) }, 1],
    ['has dimensions without end', { a: tensor('U8', new Array(1_000).fill(1), 0, 1) }, 1],
    ['has a name that no database keeps', { 'a\0b': tensor('U8', [1], 0, 1) }, 1],
    ['is a list', [], 0],
    ['is null', null, 0],
    ['is no JSON', '{"a":', 0],
    ['has tensors that are none', { a: 1 }, 0],
    ['has a tensor without a place', { a: { dtype: 'U8', shape: [] } }, 1],
  ])('that %s says nothing', async (_how, header, bytes) => {
    expect(await read(withHeader(header, bytes))).toBeNull();
  });

  it('of a length that is none says nothing, and costs no memory', async () => {
    const huge = Buffer.alloc(64);
    huge.writeBigUInt64LE(2n ** 63n);
    expect(await read(huge)).toBeNull();
    huge.writeBigUInt64LE(57n);
    expect(await read(huge)).toBeNull();
    for (const length of [0, 1, 7, 8]) expect(await read(Buffer.alloc(length))).toBeNull();
    const tooLong = Buffer.alloc(5 * 1024 * 1024, ' ');
    tooLong.write('{}');
    expect(await read(withHeader(tooLong.toString(), 0))).toBeNull();
  });

  it('never throws, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((json) => Buffer.from(json)),
        ),
        fc.nat(),
        (header, bytes) => {
          summarize(header, bytes);
        },
      ),
    );
  });
});

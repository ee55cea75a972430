import { open } from 'node:fs/promises';
import type { Tensor } from '../db/queries/models.ts';

export interface TensorSummary {
  readonly parameter_count: number;
  readonly tensor_count: number;
  /** The first thousand, in the order of the file. */
  readonly tensors: Tensor[];
}

// 30,000 tensors with long names; parsing it takes the event loop some 30 ms.
const maxHeaderBytes = 4 * 1024 * 1024;
const maxTensorsKept = 1_000;
const maxNameLength = 1_000;
const maxDimensions = 64;

/** Bits of one element, by the names of the format (github.com/huggingface/safetensors, `Dtype`). */
const bitsOf: Readonly<Record<string, number>> = {
  ...{ BOOL: 8, U8: 8, I8: 8, U16: 16, I16: 16, U32: 32, I32: 32, U64: 64, I64: 64 },
  ...{ F16: 16, BF16: 16, F32: 32, F64: 64, C64: 64 },
  ...{ F4: 4, F6_E2M3: 6, F6_E3M2: 6, F8_E5M2: 8, F8_E4M3: 8, F8_E8M0: 8 },
};

/**
 * The tensors in the header of a safetensors file; reads no weights. Null for any other file, and if the header does
 * not match the file's length: a summary is shown only if it is true, and a checkpoint is stored in any case. [K4]
 */
export async function readSafetensors(path: string): Promise<TensorSummary | null> {
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    const { buffer: prefix, bytesRead } = await handle.read(Buffer.alloc(8), 0, 8, 0);
    if (bytesRead < 8) return null;
    const headerBytes = prefix.readBigUInt64LE();
    if (headerBytes > BigInt(Math.min(maxHeaderBytes, size - 8))) return null;
    const header = Buffer.alloc(Number(headerBytes));
    await handle.read(header, 0, header.length, 8);
    return summarize(header, size - 8 - header.length);
  } finally {
    await handle.close();
  }
}

/** The summary of a header that describes exactly `dataBytes`, else null. */
export function summarize(header: Uint8Array, dataBytes: number): TensorSummary | null {
  const entries = entriesOf(header);
  if (!entries) return null;
  const found = entries.filter(([name]) => name !== '__metadata__').map(([name, entry]) => placed(name, entry));
  if (!found.every((tensor) => tensor !== null)) return null;
  found.sort((a, b) => a.begin - b.begin || a.end - b.end);
  // Every byte belongs to one tensor: the format allows no holes, no overlap and no rest.
  let position = 0;
  for (const { begin, end } of found) {
    if (begin !== position) return null;
    position = end;
  }
  if (position !== dataBytes) return null;
  return {
    parameter_count: found.reduce((sum, { elements }) => sum + elements, 0),
    tensor_count: found.length,
    tensors: found.slice(0, maxTensorsKept).map(({ name, dtype, shape }) => ({ name, dtype, shape })),
  };
}

function entriesOf(header: Uint8Array): [string, unknown][] | null {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(header));
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? Object.entries(parsed) : null;
  } catch {
    return null; // Not a header at all.
  }
}

interface PlacedTensor extends Tensor {
  readonly elements: number;
  readonly begin: number;
  readonly end: number;
}

function placed(name: string, entry: unknown): PlacedTensor | null {
  if (typeof entry !== 'object' || entry === null) return null;
  const { dtype, shape, data_offsets: offsets } = entry as Record<string, unknown>;
  if (typeof dtype !== 'string' || !isCounts(shape) || !isCounts(offsets)) return null;
  const bits = Object.hasOwn(bitsOf, dtype) ? bitsOf[dtype] : undefined;
  const [begin, end] = offsets;
  if (bits === undefined || begin === undefined || end === undefined || offsets.length !== 2) return null;
  const elements = shape.reduce((product, dimension) => product * dimension, 1);
  // A product beyond 2^53 is not exact, and no file holds as much.
  const isTrue = Number.isSafeInteger(elements * bits) && (elements * bits) / 8 === end - begin;
  const isKeepable = isTrue && name.length <= maxNameLength && !name.includes('\0') && name.isWellFormed();
  return isKeepable ? { name, dtype, shape, elements, begin, end } : null;
}

const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length <= maxDimensions && value.every((one) => Number.isSafeInteger(one) && one >= 0);

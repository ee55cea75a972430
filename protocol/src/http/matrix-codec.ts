// Without zod: the browser reads matrices as well.
import type { MatrixHeader } from './matrix.ts';

/** A cell of `outcome`; 0 is no part. */
export const outcomeCodes = { pending: 1, complete: 2, failed: 3, no_reply: 4, unreported: 5 } as const;

/** A quiet NaN that no computation makes: nothing was reported. */
export const missingBits = 0x7fc0_0001;

export interface Matrix extends MatrixHeader {
  /** Column by column. For `float32` compare `bits` with `missingBits`; JavaScript does not keep a NaN's bits in a number. */
  readonly cells: Uint8Array | Float32Array;
  /** The same memory as 32-bit words; null for `uint8`. */
  readonly bits: Uint32Array | null;
}

/**
 * The client × round matrix on the wire, little-endian, columns one after the other. [G2]
 *
 *   0        "RMX1"
 *   4        uint32, bytes of the header H, a multiple of 4
 *   8        H bytes of JSON, padded with blanks
 *   8 + H    for each round in the header's order: one cell per client in the header's order
 *
 * A cell of `outcome` is a uint8, one of `outcomeCodes`, 0 where the client had no part. Any other cell is a float32:
 * the bits 7fc00001 say that nothing was reported, any other NaN that NaN was, and zero is zero.
 */
const magic = 'RMX1';

/** Lays a matrix out. `cells` has one column after the other. */
export function encodeMatrix(header: MatrixHeader, cells: Uint8Array): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(json.length / 4) * 4;
  const whole = new Uint8Array(8 + headerBytes + cells.length);
  whole.set(new TextEncoder().encode(magic));
  new DataView(whole.buffer).setUint32(4, headerBytes, true);
  whole.fill(0x20, 8 + json.length, 8 + headerBytes);
  whole.set(json, 8);
  whole.set(cells, 8 + headerBytes);
  return whole;
}

/** Reads a matrix without copying its cells. Throws when the bytes are not one. Assumes a little-endian machine. */
export function decodeMatrix(buffer: ArrayBuffer): Matrix {
  const bytes = new Uint8Array(buffer);
  if (bytes.length < 8 || new TextDecoder().decode(bytes.subarray(0, 4)) !== magic)
    throw new Error('these bytes are not a matrix: they do not begin with RMX1');
  const headerBytes = new DataView(buffer).getUint32(4, true);
  const start = 8 + headerBytes;
  if (start > bytes.length) throw new Error('the matrix ends within its header');
  // Not parsed by the schema, which would bring zod to the browser: the sizes below are what reading relies on.
  const header: MatrixHeader = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
  const count = header.rounds.length * header.client_ids.length;
  const size = header.cell === 'uint8' ? 1 : 4;
  if (bytes.length - start !== count * size)
    throw new Error(`the matrix has ${bytes.length - start} bytes of cells instead of ${count * size}`);
  if (header.cell === 'uint8') return { ...header, cells: bytes.subarray(start), bits: null };
  return { ...header, cells: new Float32Array(buffer, start, count), bits: new Uint32Array(buffer, start, count) };
}

/**
 * How columns are stored: as they are, or in fewer bytes where that is possible. Reading a long run is reading its bytes.
 *
 * - Client numbers that follow each other are ranges: `rangesMark`, then first number and length of each.
 * - A column of equal values is one value. Its length is that of the client numbers.
 */
const rangesMark = 0xffff_ffff;

/** Values `at` … `at + count` belong to the clients `first` … `first + count`. */
export interface ClientRange {
  readonly at: number;
  readonly first: number;
  readonly count: number;
}

export function packClients(client: Uint32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const ranges = rangesOfNumbers(client);
  if (2 * ranges.length + 1 >= client.length) return bytesOf(client);
  return bytesOf(Uint32Array.from([rangesMark, ...ranges.flatMap(({ first, count }) => [first, count])]));
}

/** Without unpacking them. */
export function rangesOf(packed: Uint8Array): ClientRange[] {
  const words = wordsOf(packed);
  if (words[0] !== rangesMark) return rangesOfNumbers(words);
  const ranges: ClientRange[] = [];
  for (let place = 1, at = 0; place < words.length; place += 2) {
    const [first, count] = [words[place] as number, words[place + 1] as number];
    ranges.push({ at, first, count });
    at += count;
  }
  return ranges;
}

function rangesOfNumbers(client: Uint32Array): ClientRange[] {
  const ranges: ClientRange[] = [];
  for (let at = 0, end = 0; at < client.length; at = end) {
    const first = client[at] as number;
    for (end = at + 1; end < client.length && client[end] === first + end - at; ) end++;
    ranges.push({ at, first, count: end - at });
  }
  return ranges;
}

export function unpackClients(packed: Uint8Array): Uint32Array<ArrayBuffer> {
  const words = wordsOf(packed);
  if (words[0] !== rangesMark) return words;
  const ranges = rangesOf(packed);
  const client = new Uint32Array(ranges.reduce((sum, { count }) => sum + count, 0));
  for (const { at, first, count } of ranges) for (let n = 0; n < count; n++) client[at + n] = first + n;
  return client;
}

/** A column of values of one byte or of four. */
export function packColumn(column: Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const values = column instanceof Uint8Array ? column : wordsOf(bytesOf(column));
  const isConstant = values.length > 1 && values.every((value) => value === values[0]);
  return bytesOf(isConstant ? values.slice(0, 1) : values);
}

/** One that was not read stays empty. */
export function unpackColumn<V extends Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer>>(
  values: V,
  length: number,
): V {
  if (values.length !== 1 || length === 1) return values;
  return new (values.constructor as new (length: number) => V)(length).fill(values[0] as number) as V;
}

export const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView<ArrayBuffer>): Uint8Array<ArrayBuffer> =>
  new Uint8Array(buffer, byteOffset, byteLength);

export const wordsOf = (bytes: Uint8Array): Uint32Array<ArrayBuffer> =>
  new Uint32Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength / 4);

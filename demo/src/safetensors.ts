import { biasOffset, type Parameters } from './softmax-regression.ts';
import { classCount, featureCount } from './synthetic.ts';

/** The model as a safetensors file (github.com/huggingface/safetensors): header length, header, numbers, little-endian. */
export function toSafetensors(
  parameters: Parameters,
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const float = Float32Array.BYTES_PER_ELEMENT;
  const header = JSON.stringify({
    __metadata__: metadata,
    weight: { dtype: 'F32', shape: [classCount, featureCount], data_offsets: [0, biasOffset * float] },
    bias: { dtype: 'F32', shape: [classCount], data_offsets: [biasOffset * float, parameters.length * float] },
  });
  // Spaces until the numbers begin at a multiple of 8, as the format wants it.
  const head = new TextEncoder().encode(header.padEnd(Math.ceil(header.length / 8) * 8));
  const file = new Uint8Array(8 + head.length + parameters.length * float);
  const view = new DataView(file.buffer);
  view.setBigUint64(0, BigInt(head.length), true);
  file.set(head, 8);
  const start = 8 + head.length;
  for (const [index, value] of parameters.entries()) view.setFloat32(start + index * float, value, true);
  return file;
}

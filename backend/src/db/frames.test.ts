import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Frames } from './frames.ts';

function message(letter: string, size: number): Buffer {
  const bytes = Buffer.alloc(letter.length + 4 + size, 'x');
  bytes.write(letter);
  bytes.writeInt32BE(4 + size, letter.length);
  return bytes;
}

const messages = fc.array(fc.tuple(fc.constantFrom(...'PBDESHQCdcfX'), fc.nat({ max: 40 })), { maxLength: 12 });

it('cuts a stream after each message that is answered, however its chunks fall', () => {
  fc.assert(
    fc.property(messages, fc.nat({ max: 30 }), fc.integer({ min: 1, max: 70 }), (said, startup, chunkSize) => {
      const sent = [message('', 4 + startup), ...said.map(([letter, size]) => message(letter, size))];
      const stream = Buffer.concat(sent);
      const frames = new Frames();
      const pieces: Buffer[] = [];
      for (let at = 0; at < stream.length; at += chunkSize)
        pieces.push(...frames.push(stream.subarray(at, at + chunkSize)));
      const expected: Buffer[] = [sent[0] as Buffer];
      let open: Buffer[] = [];
      for (const one of sent.slice(1)) {
        open.push(one);
        if (!'SHQFcfX'.includes(String.fromCharCode(one[0] ?? 0))) continue;
        expected.push(Buffer.concat(open));
        open = [];
      }
      expect(pieces.map(String)).toEqual(expected.map(String));
    }),
  );
});

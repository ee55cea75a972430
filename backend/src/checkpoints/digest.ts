import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

// A piece takes the event loop a fraction of a millisecond, and other work comes in between.
const pieceBytes = 256 * 1024;

/** SHA-256 of a file, in hex. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: pieceBytes })) hash.update(piece);
  return hash.digest('hex');
}

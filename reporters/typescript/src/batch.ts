import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** An event in its wire form. */
export interface BatchEvent {
  readonly json: string;
  readonly bytes: number;
}

/** A batch keeps its number and its events until it is answered. [R4] */
export interface Batch {
  readonly number: number;
  readonly events: readonly BatchEvent[];
}

export interface EncodedBatch {
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

const gzipAsync = promisify(gzip);
// Below this a packet holds it anyway.
const gzipFromBytes = 1_024;

/** The request of one attempt: `sent_at` is its own, number and events are those of the batch. [R4] [R35] */
export async function encodeBatch(reporter_id: string, batch: Batch, sentAtMs: number): Promise<EncodedBatch> {
  const { number, events } = batch;
  const sent_at = new Date(sentAtMs).toISOString();
  const json = `{"reporter_id":${JSON.stringify(reporter_id)},"batch":${number},"sent_at":"${sent_at}","events":[${events.map((event) => event.json).join(',')}]}`;
  const body = Buffer.from(json);
  const headers = { 'content-type': 'application/json' };
  if (body.length < gzipFromBytes) return { body, headers };
  // In zlib's thread, at a level that costs a third of the default for nearly the same size of JSON. [R6]
  return { body: await gzipAsync(body, { level: 2 }), headers: { ...headers, 'content-encoding': 'gzip' } };
}

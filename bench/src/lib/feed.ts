import { randomUUID } from 'node:crypto';

// The most that one request may carry.
const atOnce = 10_000;

/** Reports events as fast as they are acknowledged, in full batches. */
export async function feed(url: string, apiKey: string, events: Iterable<object>): Promise<void> {
  const reporter_id = randomUUID();
  let batch = 0;
  const send = async (some: object[]) => {
    const response = await fetch(`${url}/api/ingest`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
      body: JSON.stringify({ reporter_id, batch: batch++, events: some }),
    });
    if (!response.ok) throw new Error(`ingest answered ${response.status}: ${await response.text()}`);
    const { rejected } = (await response.json()) as { rejected: readonly { detail: string }[] };
    if (rejected[0]) throw new Error(`an event was rejected: ${rejected[0].detail}`);
  };
  let waiting: object[] = [];
  for (const event of events) {
    waiting.push(event);
    if (waiting.length < atOnce) continue;
    await send(waiting);
    waiting = [];
  }
  if (waiting.length > 0) await send(waiting);
}

import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Refused, serve } from '../test/serve.ts';
import { type Transfer, transferModel } from './download.ts';
import { Refusal } from './problem.ts';

const file = Uint8Array.from({ length: 1_000 }, (_, n) => n % 251);
const link = { 'POST /api/models/v1/download-link': { url: '/one-use', expires_in: 30 } };

beforeEach(() => void serve({ ...link }));

/** A line that breaks after so many bytes of each answer; `null` lets it through. */
function rig(breaks: (number | null)[], answer: (range: string | null) => Response | null = () => null) {
  const written = new Uint8Array(file.length);
  const ranges: (string | null)[] = [];
  const waits: number[] = [];
  const progress: number[] = [];
  const aborter = new AbortController();
  const transfer: Transfer = {
    run_id: 'run-1',
    version: 'v1',
    size_bytes: file.length,
    signal: aborter.signal,
    sink: { write: async (bytes, position) => written.set(bytes, position) },
    onProgress: (received) => progress.push(received),
    fetch: async (_, init) => {
      const range = new Headers(init?.headers).get('range');
      ranges.push(range);
      const start = Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
      return answer(range) ?? serveFrom(start, breaks.shift() ?? null);
    },
    wait: async (ms) => {
      waits.push(ms);
    },
  };
  return { transfer, written, ranges, waits, progress, aborter };
}

function serveFrom(start: number, breakAfter: number | null): Response {
  const rest = file.slice(start);
  let isSent = false;
  const body = new ReadableStream({
    pull(controller) {
      if (!isSent) controller.enqueue(breakAfter === null ? rest : rest.slice(0, breakAfter));
      else if (breakAfter === null) controller.close();
      else controller.error(new TypeError('network error'));
      isSent = true;
    },
  });
  return new Response(body, { status: start > 0 ? 206 : 200, headers: { etag: '"abc"' } });
}

describe('streaming a checkpoint to disk', () => {
  it('arrives byte-identical over a line that breaks again and again', async () => {
    const { transfer, written, ranges } = rig([100, 250, 0, 300, null]);
    await transferModel(transfer);
    expect(written).toEqual(file);
    expect(ranges).toEqual([null, 'bytes=100-', 'bytes=350-', 'bytes=350-', 'bytes=650-']);
  });

  it('starts again from the beginning when the file has changed', async () => {
    const whole = () => new Response(file, { status: 200, headers: { etag: '"other"' } });
    const { transfer, written, progress } = rig([400], (range) => (range === null ? null : whole()));
    await transferModel(transfer);
    expect(written).toEqual(file);
    expect(progress.at(-1)).toBe(1_000);
  });

  it('gives up, with growing pauses, on a line that carries nothing', async () => {
    const down = () => new Response(null, { status: 503 });
    const { transfer, waits } = rig([], down);
    await expect(transferModel(transfer)).rejects.toThrow(/broke 6 times/);
    expect(waits).toHaveLength(6);
  });

  it('does not ask again for a checkpoint that is gone', async () => {
    serve({ 'POST /api/models/v1/download-link': new Refused(404, 'there is no model v1') });
    const { transfer, ranges, waits } = rig([]);
    await expect(transferModel(transfer)).rejects.toMatchObject({ response: { status: 404 } });
    expect([ranges, waits]).toEqual([[], []]);
  });

  it('says that the disk is full, and does not try again', async () => {
    const { transfer, ranges } = rig([null]);
    const sink = { write: () => Promise.reject(new Error('no space left')) };
    await expect(transferModel({ ...transfer, sink })).rejects.toEqual(
      new Refusal('The file could not be written: no space left.'),
    );
    expect(ranges).toHaveLength(1);
  });

  it('ends at once when it is called off', async () => {
    const { transfer, aborter } = rig([10, 10, 10]);
    const wait = vi.fn(async () => aborter.abort());
    await expect(
      transferModel({ ...transfer, wait, fetch: () => Promise.reject(new TypeError('down')) }),
    ).rejects.toThrow();
    expect(wait).toHaveBeenCalledTimes(1);
  });
});

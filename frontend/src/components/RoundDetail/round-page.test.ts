import { type ClientUpdate, clientUpdateSchema } from '@rondo/protocol';
import { makeClient, makeRound } from '@rondo/protocol/testing';
import { describe, expect, it } from 'vitest';
import { rowAt, rowOfPixel } from './draw-timeline.ts';
import { filterUpdates, hasFilter, readFilter, troubleFirst, writeRange } from './filter-updates.ts';
import { answerSentence, timelineOf } from './timeline.ts';

const start = '2026-01-31T12:00:00.000Z';
const after = (ms: number) => new Date(Date.parse(start) + ms).toISOString();

const makeUpdate = (client_id: string, given: Partial<Record<keyof ClientUpdate, unknown>> = {}): ClientUpdate =>
  clientUpdateSchema.parse({
    round_id: 101,
    round: 1,
    run_id: 'run-1',
    client_id,
    attempt: 1,
    outcome: 'complete',
    sample_count: 100,
    train_loss: 0.5,
    metrics: {},
    duration_ms: 900,
    bytes_up: null,
    bytes_down: null,
    update_norm: null,
    cosine_to_mean: null,
    cosine_to_previous: null,
    error: null,
    submitted_at: after(1_000),
    ...given,
  });

const outcomes = ['complete', 'failed', 'no_reply', 'pending', 'unreported'];
const byText = (a: string, b: string) => (a < b ? -1 : 1);

describe('the clients of a round', () => {
  const updates = [
    makeUpdate('a', { train_loss: 0.1 }),
    makeUpdate('b', { outcome: 'failed', error: 'CUDA error 700', train_loss: null }),
    makeUpdate('c', { outcome: 'failed', error: 'reset by peer', train_loss: null }),
    makeUpdate('d', { train_loss: 'NaN' }),
    makeUpdate('e', { outcome: 'no_reply', train_loss: null }),
    makeUpdate('f', { outcome: 'pending', train_loss: null }),
  ];
  const names = (address: string) =>
    filterUpdates(updates, readFilter(new URLSearchParams(address), outcomes)).map(({ client_id }) => client_id);

  it('are filtered by what the address says', () => {
    expect(names('')).toHaveLength(6);
    expect(names('outcome=failed')).toEqual(['b', 'c']);
    expect(names('reason=CUDA+error+%23')).toEqual(['b']);
    expect(names('loss=0.05~0.2')).toEqual(['a']);
    expect(names('q=D')).toEqual(['d']);
  });

  it('are all shown for an address that means nothing', () => {
    expect(hasFilter(readFilter(new URLSearchParams('outcome=eaten&loss=x&time=9~1'), outcomes))).toBe(false);
  });

  it('a range is the same after the address', () => {
    const range = { min: 1 / 3, max: 2e-300 + 1 };
    const address = new URLSearchParams({ norm: writeRange(range) as string });
    expect(readFilter(address, outcomes).ranges.update_norm).toEqual(range);
  });

  it('come trouble first', () => {
    expect(troubleFirst(updates, byText).map(({ client_id }) => client_id)).toEqual(['b', 'c', 'e', 'd', 'f', 'a']);
  });
});

describe('the timeline', () => {
  const round = makeRound({ started_at: start, completed_at: after(20_000), deadline: after(15_000) });
  const updates = [
    makeUpdate('slow', { submitted_at: after(19_000), duration_ms: 18_000 }),
    makeUpdate('fast', { submitted_at: after(1_000), duration_ms: 5_000 }),
    makeUpdate('middle', { submitted_at: after(3_000), duration_ms: null }),
    makeUpdate('gone', { outcome: 'no_reply', submitted_at: null, duration_ms: null }),
  ];

  it('has the first to end first, with the marks of the round', () => {
    const { rows, ...marks } = timelineOf(round, updates, {}, Date.parse(start));
    expect(rows.map(({ client_id }) => client_id)).toEqual(['fast', 'middle', 'slow', 'gone']);
    expect(marks).toEqual({ span_ms: 20_000, deadline_ms: 15_000, median_ms: 3_000, completed_ms: 20_000 });
  });

  it('never shows a part as longer than it took to arrive, and invents no time', () => {
    const { rows } = timelineOf(round, updates, {}, 0);
    expect(rows.map(({ trained_ms, end_ms }) => [trained_ms, end_ms])).toEqual([
      [1_000, 1_000],
      [null, 3_000],
      [18_000, 19_000],
      [null, null],
    ]);
  });

  it('of an open round shows what the stream says of each client now', () => {
    const open = makeRound({ started_at: start });
    const pending = ['a', 'b'].map((id) =>
      makeUpdate(id, { outcome: 'pending', submitted_at: null, duration_ms: null }),
    );
    const clients = {
      a: makeClient({ client_id: 'a', status: 'uploading', progress: 1 }),
      b: makeClient({ client_id: 'b', status: 'training', progress: 0.25, current_round: 9 }),
    };
    const { rows, span_ms } = timelineOf(open, pending, clients, Date.parse(after(4_000)));
    expect(span_ms).toBe(4_000);
    expect(rows.map(({ isUploading, progress, end_ms }) => [isUploading, progress, end_ms])).toEqual([
      [true, 1, 4_000],
      [false, null, 4_000],
    ]);
  });

  it('says when most had answered and when the last did', () => {
    const many = Array.from({ length: 97 }, (_, at) => makeUpdate(`c${at}`, { submitted_at: after(10_000 + at) }));
    const late = [60_000, 70_000, 80_000].map((ms, at) => makeUpdate(`late${at}`, { submitted_at: after(ms) }));
    const timeline = timelineOf({ ...round, completed_at: after(90_000) }, [...late, ...many], {}, 0);
    expect(answerSentence(timeline, (ms) => `${Math.round(ms / 1000)} s`)).toBe(
      '97 % had answered after 10 s, the last after 80 s.',
    );
    expect(answerSentence(timelineOf(round, [], {}, 0), String)).toBeNull();
  });
});

it('where many clients share a pixel of the timeline, one that failed is seen', () => {
  const updates = Array.from({ length: 10 }, (_, at) =>
    makeUpdate(`c${at}`, { submitted_at: after(1_000 * at), outcome: at === 3 ? 'failed' : 'complete' }),
  );
  const { rows } = timelineOf(makeRound({ started_at: start }), updates, {}, 0);
  expect(rowOfPixel(rows, 0, 5)?.client_id).toBe('c3');
  expect(rowOfPixel(rows, 5, 10)?.client_id).toBe('c9');
  expect(rowAt(17, 0.25, 10)).toBeNull();
  expect(rowAt(19, 0.25, 10)).toBe(4);
});

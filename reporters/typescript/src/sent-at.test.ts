import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import type { Post } from './http.ts';
import { makeReporter } from './testing/make-reporter.ts';

it('[R35] every attempt says the moment at which it was sent, with the number and the events of its batch', async () => {
  const sent: Record<string, unknown>[] = [];
  const post: Post = ({ body, headers }) => {
    const json = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    sent.push(JSON.parse(Buffer.from(json).toString()));
    return Promise.reject(new Error('connect ECONNREFUSED'));
  };
  const { reporter, clock } = makeReporter({ post });
  const reportedAt = clock.now();
  reporter.metric('loss', 1, { step: 1 });
  await clock.advance(2_000);
  expect(sent.length).toBeGreaterThan(2);
  const moments = sent.map(({ sent_at }) => Date.parse(String(sent_at)));
  expect(moments[0]).toBe(reportedAt + 50);
  expect(new Set(moments).size).toBe(sent.length);
  expect(new Set(sent.map(({ batch, events }) => JSON.stringify([batch, events]))).size).toBe(1);
});

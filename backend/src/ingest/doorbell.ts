import { randomUUID } from 'node:crypto';
import { runIdSchema } from '@rondo/protocol';
import { z } from 'zod';
import type { Database } from '../db/database.ts';
import { notify } from '../db/listener.ts';
import type { EventBus, News } from './event-bus.ts';

const newsSchema = z.object({
  server: z.string(),
  runs: z
    .array(z.object({ run_id: runIdSchema, epoch: z.string(), seq: z.number().int(), is_new_run: z.boolean() }))
    .optional(),
  deleted_runs: z.array(runIdSchema).optional(),
  ended_sessions: z.array(z.string()).optional(),
  /** More than one message holds: ask the database what it was. */
  is_too_much: z.literal(true).optional(),
});

/** PostgreSQL takes less than 8,000 bytes. */
const maxBytes = 7_900;

/**
 * Joins the bus to those of the other servers on the same PostgreSQL, and answers how to leave. The embedded database has
 * one server only. [D1]
 */
export function connectServers(database: Database, bus: EventBus, onError: (error: unknown) => void) {
  if (!database.listen) return async () => {};
  const server = randomUUID();
  bus.connect((tx, news) => notify(tx, encodeNews(server, news)));
  return database.listen(encodeNews(server, {}), {
    heard: (payload) => {
      const news = decodeNews(payload);
      if (news === 'unreadable' || news.is_too_much) bus.miss();
      else if (news.server !== server) bus.hear(news);
    },
    listening: () => bus.miss(),
    failed: onError,
  });
}

export function encodeNews(server: string, news: News): string {
  const text = JSON.stringify({ server, ...news });
  return Buffer.byteLength(text) <= maxBytes ? text : JSON.stringify({ server, is_too_much: true });
}

/** What a newer version says may be unreadable, and is a ring all the same. */
export function decodeNews(payload: string): z.infer<typeof newsSchema> | 'unreadable' {
  try {
    return newsSchema.parse(JSON.parse(payload));
  } catch {
    return 'unreadable';
  }
}

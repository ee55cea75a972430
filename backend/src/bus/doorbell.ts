import { randomUUID } from 'node:crypto';
import { alertNoticeSchema, projectIdSchema, runIdSchema } from '@rondo/protocol';
import { z } from 'zod';
import type { Database } from '../db/database.ts';
import type { EventBus, ServerMessage } from './event-bus.ts';
import { keepListening, notify } from './listener.ts';

const messageSchema = z.object({
  server: z.string(),
  runs: z
    .array(z.object({ run_id: runIdSchema, epoch: z.string(), seq: z.number().int(), is_new_run: z.boolean() }))
    .optional(),
  deleted_runs: z.array(runIdSchema).optional(),
  ended_sessions: z.array(z.string()).optional(),
  moved_runs: z.array(z.object({ run_id: runIdSchema, project_id: projectIdSchema })).optional(),
  changed_members: z.array(z.string()).optional(),
  alerts: z.array(alertNoticeSchema).optional(),
  changed_alert_rules: z.array(projectIdSchema).optional(),
  /** The content exceeds one message. The receiver reads the database instead. */
  is_too_much: z.literal(true).optional(),
});

/** PostgreSQL accepts less than 8,000 bytes. */
const maxBytes = 7_900;

/**
 * Connects the bus with those of the other servers on the same PostgreSQL, and returns how to disconnect. The embedded
 * database has one server only. [D1]
 */
export function connectServers(
  { openListenConnection }: Pick<Database, 'openListenConnection'>,
  bus: EventBus,
  onError: (error: unknown) => void,
  listen = keepListening,
): () => Promise<void> {
  if (!openListenConnection) return async () => {};
  const server = randomUUID();
  bus.connect((tx, message) => notify(tx, encodeMessage(server, message)));
  return listen(openListenConnection, encodeMessage(server, {}), {
    received: (payload) => {
      const message = decodeMessage(payload);
      if (message === 'unreadable' || message.is_too_much) bus.publishMissed();
      else if (message.server !== server) bus.publishRemote(message);
    },
    listening: () => bus.publishMissed(),
    failed: onError,
  });
}

export function encodeMessage(server: string, message: ServerMessage): string {
  const text = JSON.stringify({ server, ...message });
  return Buffer.byteLength(text) <= maxBytes ? text : JSON.stringify({ server, is_too_much: true });
}

/** A newer server's message may be unreadable, but it still means that something changed. */
export function decodeMessage(payload: string): z.infer<typeof messageSchema> | 'unreadable' {
  try {
    return messageSchema.parse(JSON.parse(payload));
  } catch {
    return 'unreadable';
  }
}

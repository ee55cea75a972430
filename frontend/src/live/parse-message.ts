import type { AlertNotice, BatchMessage, EmptySnapshotMessage, ServerMessage, SnapshotMessage } from '@rondo/protocol';

export type SnapshotLike = SnapshotMessage | EmptySnapshotMessage;

/**
 * A message of the server, or `null` for anything else.
 *
 * It checks the envelope only. The server validates every entity when it comes in, and checking 10,000 clients again in
 * each viewer would cost frames.
 */
export function parseMessage(text: string): ServerMessage | AlertNotice | null {
  const message = parseJson(text);
  return isAlert(message) ? message : asMessage(message);
}

/** The same for what is parsed already. */
export const asMessage = (message: unknown): ServerMessage | null =>
  isSnapshot(message) || isBatch(message) ? message : null;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Text that is not JSON is no message; the caller decides what that means.
    return null;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const isSnapshot = (message: unknown): message is SnapshotLike =>
  isObject(message) &&
  message.type === 'snapshot' &&
  typeof message.seq === 'number' &&
  isObject(message.data) &&
  Array.isArray(message.data.clients) &&
  Array.isArray(message.data.rounds);

const isBatch = (message: unknown): message is BatchMessage =>
  isObject(message) &&
  message.type === 'batch' &&
  typeof message.run_id === 'string' &&
  typeof message.from_seq === 'number' &&
  typeof message.seq === 'number' &&
  Array.isArray(message.events);

const isAlert = (message: unknown): message is AlertNotice =>
  isObject(message) &&
  message.type === 'alert' &&
  typeof message.delivery_id === 'string' &&
  typeof message.title === 'string';

import type { Client, ClientFace } from '@rondo/protocol';

/** Offline, while its face says what became of its part: presence is shown over the outcome, never instead of it. [B7] */
export const isAway = (client: Client, face: ClientFace, isRunOver: boolean): boolean =>
  !client.is_online && !isRunOver && face !== 'offline';

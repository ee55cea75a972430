import type { ServerMessage } from '@rondo/protocol';
import type { FrameScheduler } from '../lib/frame.ts';
import type { Connection } from '../live/connection-types.ts';
import { applyMessages, useFLStore } from './fl-store.ts';

/** Ten seconds of a server's fastest pace: past it, waiting for a frame would only hoard memory. */
const queueBound = 200;

/** Brings what the link says into the store, once per animation frame. */
export interface Feed {
  message(message: ServerMessage): void;
  link(connection: Connection): void;
  flush(): void;
}

export function createFeed(scheduler: FrameScheduler, store = useFLStore): Feed {
  let messages: ServerMessage[] = [];
  let link: Connection | null = null;

  function flush(): void {
    scheduler.cancel(flush);
    if (messages.length === 0 && link === null) return;
    const state = store.getState();
    const due = messages;
    messages = [];
    const next = {
      viewer: applyMessages(state.viewer, due),
      link: link ?? state.link,
      is_loaded: state.is_loaded || due.length > 0,
    };
    link = null;
    store.setState(next);
  }

  return {
    message(message) {
      // A snapshot replaces everything before it.
      if (message.type === 'snapshot') messages = [];
      messages.push(message);
      if (messages.length >= queueBound) flush();
      else scheduler.update(flush);
    },
    link(connection) {
      link = connection;
      scheduler.update(flush);
    },
    flush,
  };
}

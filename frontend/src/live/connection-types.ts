import type { AlertNotice, ServerMessage } from '@rondo/protocol';

/** Where in a run's history a viewer is. */
export interface Position {
  readonly run_id: string;
  readonly epoch: string;
  readonly seq: number;
  /** Of a snapshot in parts: where all of it is known. [S12] */
  readonly complete_at?: number | undefined;
}

/** What a connection remembers in every state. */
export interface Memory {
  /** The run that was picked; `null` follows the newest. */
  readonly run_id: string | null;
  readonly position: Position | null;
  readonly next_socket_id: number;
  /** When the server last said anything at all, in milliseconds by the browser's clock. */
  readonly last_heard_at: number | null;
  /** Tries since the last word from the server. */
  readonly attempt: number;
  /** Gaps since the link last proved itself. */
  readonly gaps: number;
  /** The session was renewed and the server has not yet said a word since. */
  readonly is_renewed: boolean;
  /** The server has said that there is no such run, or no longer, and nothing of it has come since. */
  readonly is_missing: boolean;
  /** Sockets in a row that ended without a word, although the server answered the request for their ticket. */
  readonly num_mute: number;
  /** When the page asks by REST again; null while the socket is trusted. */
  readonly poll_at: number | null;
  /** When REST last had an answer. */
  readonly polled_at: number | null;
}

interface OnSocket {
  readonly socket_id: number;
  /** Since when in this state. */
  readonly since: number;
}

export type Connection = Memory &
  (
    | { readonly state: 'idle' }
    | ({ readonly state: 'connecting' } & OnSocket)
    | ({ readonly state: 'live'; readonly pinged_at: number | null } & OnSocket)
    | { readonly state: 'waiting'; readonly retry_at: number }
    | { readonly state: 'unauthorized' }
    | { readonly state: 'closed' }
  );

export type ConnectionState = Connection['state'];

export type Event =
  | { readonly type: 'start'; readonly run_id: string | null; readonly position: Position | null }
  | { readonly type: 'stop' }
  | { readonly type: 'opened'; readonly socket_id: number }
  | { readonly type: 'text'; readonly socket_id: number; readonly text: string }
  /** Closed, or never opened: a missing ticket counts as 4001, a server that is out of reach as `outOfReach`. */
  | { readonly type: 'ended'; readonly socket_id: number; readonly code: number }
  | { readonly type: 'timer' }
  | { readonly type: 'woke' }
  | { readonly type: 'renewed' }
  /** What REST returned to a poll for this run; null if there is no such run. */
  | { readonly type: 'polled'; readonly run_id: string | null; readonly message: ServerMessage | null };

export type EventType = Event['type'];

export type Effect =
  | {
      readonly do: 'open';
      readonly socket_id: number;
      readonly run_id: string | null;
      readonly position: Position | null;
    }
  | { readonly do: 'send'; readonly socket_id: number; readonly text: 'ping' | 'pong' }
  | { readonly do: 'close'; readonly socket_id: number; readonly code: number }
  /** Sets the one timer, or clears it. */
  | { readonly do: 'timer'; readonly at: number | null }
  | { readonly do: 'apply'; readonly message: ServerMessage }
  /** An alert, which is of no run's history. [E9] */
  | { readonly do: 'show'; readonly notice: AlertNotice }
  | { readonly do: 'poll'; readonly run_id: string | null; readonly position: Position | null }
  | { readonly do: 'renew_session' }
  | { readonly do: 'give_up' };

export interface Context {
  readonly now: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export type Step = readonly [Connection, readonly Effect[]];

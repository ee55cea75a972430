import type { AlertNotice, ServerMessage } from '@rondo/protocol';
import { useEffect, useRef } from 'react';
import { getTicket } from '../api/auth.ts';
import { isUnauthorized, refreshSession } from '../api/client.ts';
import { pollLive } from '../api/live.ts';
import { signedOut } from '../api/session.ts';
import type { Connection, Position } from '../live/connection-types.ts';
import { asMessage } from '../live/parse-message.ts';
import { createLink } from '../live/socket.ts';

export interface WebSocketOptions {
  /** The run that was picked; `null` follows the newest. */
  readonly run_id: string | null;
  /** How far this viewer already is, asked once when it connects. */
  readonly getPosition: () => Position | null;
  readonly onMessage: (message: ServerMessage) => void;
  readonly onAlert: (notice: AlertNotice) => void;
  readonly onChange: (connection: Connection) => void;
}

/** Owns one connection for as long as the component lives. Only another run replaces the connection, never a render. */
export function useWebSocket({ run_id, ...callbacks }: WebSocketOptions): void {
  const latest = useRef(callbacks);
  useEffect(() => {
    latest.current = callbacks;
  });

  useEffect(() => {
    const link = createLink({
      origin: location.origin,
      getTicket: () => getTicket().catch(ticketError),
      poll: async ({ run_id, position }) => {
        const { epoch, seq, complete_at: others_seq } = position ?? {};
        const answer = await pollLive({ run_id: run_id ?? undefined, epoch, seq, others_seq });
        if (answer === null) return null;
        return asMessage(answer) ?? Promise.reject(new Error('the answer is not a message of Rondo'));
      },
      openSocket: (url) => new WebSocket(url),
      now: Date.now,
      random: Math.random,
      onChange: (connection) => latest.current.onChange(connection),
      onMessage: (message) => latest.current.onMessage(message),
      onAlert: (notice) => latest.current.onAlert(notice),
      onRenewSession: () => {
        refreshSession().then(
          (isSignedIn) => isSignedIn && link.renewed(),
          // The server is out of reach: trying as before finds that out too, and then keeps trying.
          () => link.renewed(),
        );
      },
      onGiveUp: signedOut,
    });
    const wake = () => document.visibilityState === 'visible' && link.woke();
    window.addEventListener('online', wake);
    document.addEventListener('visibilitychange', wake);
    link.start(run_id, latest.current.getPosition());
    return () => {
      window.removeEventListener('online', wake);
      document.removeEventListener('visibilitychange', wake);
      link.stop();
    };
  }, [run_id]);
}

function ticketError(error: unknown): 'unauthorized' {
  if (isUnauthorized(error)) return 'unauthorized';
  throw error;
}

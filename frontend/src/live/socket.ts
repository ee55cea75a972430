import type { AlertNotice, ServerMessage } from '@rondo/protocol';
import { closeCodes } from '@rondo/protocol/close-codes';
import { assertNever } from '../lib/assert-never.ts';
import { initialConnection, outOfReach, transition } from './connection.ts';
import type { Connection, Effect, Event, Position } from './connection-types.ts';
import { socketUrl } from './socket-url.ts';

/** The browser's side of a connection, as parameters, so that tests bring their own. */
export interface LinkPorts {
  readonly origin: string;
  /** A one-use ticket; `'unauthorized'` when there is no session any more. Rejects when the server is out of reach. */
  readonly getTicket: () => Promise<string | 'unauthorized'>;
  /** Asks by REST for what the socket would send; null where there is no such run. */
  readonly poll: (asked: Extract<Effect, { do: 'poll' }>) => Promise<ServerMessage | null>;
  readonly openSocket: (url: string) => WebSocket;
  readonly now: () => number;
  readonly random: () => number;
  readonly onChange: (connection: Connection) => void;
  readonly onMessage: (message: Extract<Effect, { do: 'apply' }>['message']) => void;
  readonly onAlert: (notice: AlertNotice) => void;
  readonly onRenewSession: () => void;
  readonly onGiveUp: () => void;
}

export interface Link {
  start(run_id: string | null, position: Position | null): void;
  stop(): void;
  woke(): void;
  renewed(): void;
}

/** Carries out what the state machine asks for, and tells it what happened. It decides nothing. */
export function createLink(ports: LinkPorts): Link {
  let connection = initialConnection;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const sockets = new Map<number, WebSocket>();
  const abandoned = new Set<number>();

  function dispatch(event: Event): void {
    const [next, effects] = transition(connection, event, { now: ports.now(), random: ports.random });
    const hasChanged = next !== connection;
    connection = next;
    for (const effect of effects) carryOut(effect);
    if (hasChanged) ports.onChange(connection);
  }

  function carryOut(effect: Effect): void {
    switch (effect.do) {
      case 'open':
        void open(effect);
        return;
      case 'send':
        sockets.get(effect.socket_id)?.send(effect.text);
        return;
      case 'close':
        close(effect.socket_id, effect.code);
        return;
      case 'timer':
        clearTimeout(timer);
        if (effect.at !== null) {
          timer = setTimeout(() => dispatch({ type: 'timer' }), Math.max(0, effect.at - ports.now()));
        }
        return;
      case 'apply':
        ports.onMessage(effect.message);
        return;
      case 'show':
        ports.onAlert(effect.notice);
        return;
      case 'poll':
        ports.poll(effect).then(
          (message) => dispatch({ type: 'polled', run_id: effect.run_id, message }),
          // The next poll tries again; the page says how old its data is.
          () => {},
        );
        return;
      case 'renew_session':
        ports.onRenewSession();
        return;
      case 'give_up':
        ports.onGiveUp();
        return;
      default:
        assertNever(effect);
    }
  }

  async function open(effect: Extract<Effect, { do: 'open' }>): Promise<void> {
    const { socket_id } = effect;
    const ticket = await ports.getTicket().catch(() => null);
    if (abandoned.delete(socket_id)) return;
    if (ticket === null) return dispatch({ type: 'ended', socket_id, code: outOfReach });
    if (ticket === 'unauthorized') return dispatch({ type: 'ended', socket_id, code: closeCodes.unauthorized });
    const socket = ports.openSocket(socketUrl(ports.origin, ticket, effect));
    sockets.set(socket_id, socket);
    socket.onopen = () => dispatch({ type: 'opened', socket_id });
    socket.onmessage = ({ data }) => dispatch({ type: 'text', socket_id, text: String(data) });
    // An error is always followed by a close, which is where it is handled.
    socket.onclose = ({ code }) => {
      sockets.delete(socket_id);
      dispatch({ type: 'ended', socket_id, code });
    };
  }

  function close(socket_id: number, code: number): void {
    const socket = sockets.get(socket_id);
    if (!socket) {
      abandoned.add(socket_id);
      return;
    }
    sockets.delete(socket_id);
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close(code);
  }

  return {
    start: (run_id, position) => dispatch({ type: 'start', run_id, position }),
    stop: () => dispatch({ type: 'stop' }),
    woke: () => dispatch({ type: 'woke' }),
    renewed: () => dispatch({ type: 'renewed' }),
  };
}

import fastifyWebsocket from '@fastify/websocket';
import { closeCodes, runIdSchema } from '@rondo/protocol';
import type { FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import type { WebSocket } from 'ws';
import { z } from 'zod';
import type { AuthServices } from '../auth/services.ts';
import { Busy, Forbidden, Unauthorized } from '../errors.ts';
import type { Hub } from './hub.ts';
import type { Session, Socket } from './session.ts';

interface Options {
  readonly hub: Hub;
  readonly auth: AuthServices;
  readonly isAllowedOrigin: (origin: string, host: string) => boolean;
}

const querySchema = z.object({
  token: z.string().max(4_096).catch(''),
  run_id: runIdSchema.optional().catch(undefined),
  epoch: z.string().max(64).optional().catch(undefined),
  seq: z.coerce.number().int().min(0).optional().catch(undefined),
});

/** Sockets this process takes: about 25 KB each. */
const maxViewers = 20_000;
/** A viewer says `ping` and `pong`. */
const maxPayload = 1_024;
const tickMs = 1_000;
const recheckMs = 30_000;

export const liveRoute = fastifyPlugin<Options>(async (app, { hub, auth, isAllowedOrigin }) => {
  await app.register(fastifyWebsocket, {
    // Compression per message costs more memory than it saves here: a batch only carries what changed.
    options: { maxPayload, perMessageDeflate: false },
    preClose: async () => hub.closeAll(closeCodes.goingAway, 'the server is restarting'),
  });

  app.get(
    '/ws/events',
    {
      websocket: true,
      schema: { hide: true },
      preValidation: async ({ headers }, reply) => {
        // Whatever is refused here, its connection ends with the answer: a client must not reuse it.
        reply.header('connection', 'close');
        if (headers.origin !== undefined && !isAllowedOrigin(headers.origin, headers.host ?? '')) {
          throw new Forbidden('this origin may not connect; see ALLOWED_ORIGINS');
        }
        if (hub.size >= maxViewers) throw new Busy('too many viewers', 10);
      },
    },
    (socket, request) => serve(socket, request),
  );

  /** The socket is already accepted here, so the browser sees the close code. [S8] */
  function serve(socket: WebSocket, request: FastifyRequest): void {
    const query = querySchema.parse(request.query);
    let session: Session | undefined;
    let isGone = false;
    socket.on('message', (data) => session?.receive(String(data), Date.now()));
    socket.on('error', (error) => request.log.debug({ err: error }, 'socket error'));
    socket.on('close', () => {
      isGone = true;
      if (session) hub.leave(session);
    });
    auth.authenticateSocket(query.token).then(
      ({ session_id }) => {
        if (isGone) return;
        const wish = { runId: query.run_id, epoch: query.epoch, seq: query.seq };
        session = hub.open(adapt(socket), session_id, wish);
      },
      (error: unknown) => {
        const isRefused = error instanceof Unauthorized;
        if (!isRefused) request.log.error({ err: error }, 'could not check a socket');
        if (isRefused) socket.close(closeCodes.unauthorized, 'sign in again');
        else socket.close(closeCodes.internalError, 'could not check the token; come back');
      },
    );
  }

  const stopListening = auth.sessions.onEnded((id) => hub.closeWhere((session) => session.authSessionId === id));
  const ticks = setInterval(() => hub.tick(), tickMs);
  // A sign-out on another server.
  const rechecks = setInterval(() => void hub.recheck(auth.sessions.isActive), recheckMs);
  app.addHook('onClose', async () => {
    stopListening();
    clearInterval(ticks);
    clearInterval(rechecks);
  });
});

const adapt = (socket: WebSocket): Socket => ({
  get bufferedAmount() {
    return socket.bufferedAmount;
  },
  send: (text) => socket.send(text),
  close: (code, reason) => socket.close(code, reason),
  terminate: () => socket.terminate(),
});

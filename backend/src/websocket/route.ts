import fastifyWebsocket from '@fastify/websocket';
import { type CloseCode, closeCodes, limits, numberInAddress, runIdSchema } from '@rondo/protocol';
import type { FastifyRequest } from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import type { WebSocket } from 'ws';
import { z } from 'zod';
import { network } from '../auth/network.ts';
import type { AuthServices } from '../auth/services.ts';
import { Busy, Forbidden, TooMany, Unauthorized } from '../errors.ts';
import { startPeriodic } from '../periodic.ts';
import type { Hub } from './hub.ts';
import { createSocketCounts } from './socket-counts.ts';
import type { Socket, Viewer } from './viewer.ts';

interface Options {
  readonly hub: Hub;
  readonly auth: AuthServices;
  readonly isAllowedOrigin: (origin: string, request: FastifyRequest) => boolean;
  readonly socketsPerUser: number;
  readonly socketsPerAddress: number;
}

const querySchema = z.object({
  token: z.string().max(limits.socketToken).catch(''),
  run_id: runIdSchema.optional().catch(undefined),
  epoch: z.string().max(limits.epoch).optional().catch(undefined),
  seq: numberInAddress(z.int().min(0)).optional().catch(undefined),
  alerts: z.literal('1').optional().catch(undefined),
});

/** Sockets per process; each costs about 25 KB. */
const maxViewers = 20_000;
/** Viewers send only `ping` and `pong`. */
const maxPayload = 1_024;
const tickMs = 1_000;
const recheckMs = 30_000;
/** A peer that was refused may answer the close; then its connection ends. [security M5] */
const refusedMs = 1_000;

export const liveRoute = fastifyPlugin<Options>(async (app, options) => {
  const { hub, auth, isAllowedOrigin } = options;
  const ofUser = createSocketCounts(options.socketsPerUser);
  const ofAddress = createSocketCounts(options.socketsPerAddress);
  await app.register(fastifyWebsocket, {
    // Batches carry only changes, so compression per message costs more memory than it saves.
    options: { maxPayload, perMessageDeflate: false },
    preClose: async () => hub.closeAll(closeCodes.goingAway, 'the server is restarting'),
  });

  app.get(
    '/ws/events',
    {
      websocket: true,
      schema: { hide: true },
      preValidation: async (request, reply) => {
        const { headers } = request;
        // After a refusal here the client must not reuse the connection.
        reply.header('connection', 'close');
        if (headers.origin !== undefined && !isAllowedOrigin(headers.origin, request)) {
          throw new Forbidden('this origin may not connect; see ALLOWED_ORIGINS');
        }
        if (ofAddress.isFull(network(request.ip))) throw new TooMany('too many sockets of this address', 10);
        if (hub.size >= maxViewers) throw new Busy('too many viewers', 10);
      },
    },
    (socket, request) => serve(socket, request),
  );

  /** The socket is already accepted here, so the browser sees the close code. [S8] */
  function serve(socket: WebSocket, request: FastifyRequest): void {
    const query = querySchema.parse(request.query);
    let viewer: Viewer | undefined;
    let isClosed = false;
    const leave = [ofAddress.enter(network(request.ip))];
    const refuse = (code: CloseCode, reason: string) => {
      socket.close(code, reason);
      setTimeout(() => socket.terminate(), refusedMs).unref();
    };
    socket.on('message', (data) => viewer?.receive(String(data), Date.now()));
    socket.on('error', (error) => request.log.debug({ err: error }, 'socket error'));
    socket.on('close', () => {
      isClosed = true;
      for (const done of leave) done();
      if (viewer) hub.leave(viewer);
    });
    auth.authenticateSocket(keyOf(request) ?? query.token.replace(/^rk_.*/, '')).then(
      async (owner) => {
        await app.countsAsKnown(request);
        if (isClosed) return;
        const user = owner.userId ?? owner.signInId;
        if (ofUser.isFull(user)) return refuse(closeCodes.busy, 'too many sockets of this user');
        leave.push(ofUser.enter(user));
        const subscription = { runId: query.run_id, epoch: query.epoch, seq: query.seq };
        viewer = hub.open(adapt(socket), { ...owner, wantsAlerts: query.alerts === '1' }, subscription);
      },
      (error: unknown) => {
        const isRefused = error instanceof Unauthorized || error instanceof Forbidden;
        if (!isRefused) request.log.error({ err: error }, 'could not check a socket');
        if (isRefused) refuse(closeCodes.unauthorized, 'sign in again');
        else refuse(closeCodes.internalError, 'could not check the token; come back');
      },
    );
  }

  const onError = (error: unknown) => app.log.error({ err: error }, 'background work failed');
  const stopTicks = startPeriodic(() => hub.tick(), { everyMs: tickMs }, onError);
  // In case the message of another server was lost.
  const stopRechecks = startPeriodic(() => hub.recheck(auth.isActive), { everyMs: recheckMs }, onError);
  app.addHook('onClose', async () => {
    await Promise.all([stopTicks(), stopRechecks()]);
  });
});

/** A program sends its API key in a header. An address would end up in logs. */
const keyOf = ({ headers }: FastifyRequest): string | undefined =>
  /^Bearer +(?<key>rk_\S+)$/i.exec(headers.authorization ?? '')?.groups?.key;

const adapt = (socket: WebSocket): Socket => ({
  get bufferedAmount() {
    return socket.bufferedAmount;
  },
  send: (text) => socket.send(text),
  deliver: (text) => new Promise((resolve) => socket.send(text, () => resolve())),
  close: (code, reason) => socket.close(code, reason),
  terminate: () => socket.terminate(),
});

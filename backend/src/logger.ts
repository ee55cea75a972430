import { type DestinationStream, type Logger, pino } from 'pino';

/** Log lines carry no secret: addresses go without their query, where a socket's token is, and headers stay out. */
export const createLogger = (level: string, destination: DestinationStream = pino.destination(1)): Logger =>
  pino(
    {
      level,
      serializers: {
        req: (request: { method: string; url: string; ip?: string; id?: string }) => ({
          method: request.method,
          path: request.url.split('?')[0],
          address: request.ip,
        }),
      },
    },
    destination,
  );

import { type DestinationStream, type Logger, pino } from 'pino';

/**
 * Log lines contain no secrets: addresses are logged without their query, where a socket's token is; headers and the
 * parameters of a failed query are left out.
 */
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
        err: describeError,
      },
    },
    destination,
  );

// Errors that cause each other in a circle end somewhere.
const maxDepth = 5;

/** Logs only fields of an error that are known to be harmless: drivers attach parameters and whole rows. */
function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, stack = '', cause } = error;
  const code = (error as { code?: unknown }).code;
  return {
    type: name,
    message: withoutParameters(message),
    ...(code !== undefined && { code }),
    stack: stack.replace(message, withoutParameters(message)),
    ...(cause instanceof Error && depth < maxDepth && { cause: describeError(cause, depth + 1) }),
  };
}

/** Drizzle ends its messages with them. */
const withoutParameters = (message: string): string =>
  message.startsWith('Failed query: ') ? message.replace(/\nparams: [\s\S]*$/, '') : message;

/** Why the server ended a socket. A viewer retries on every code but `unauthorized`. [S8] */
export const closeCodes = {
  /** The peer asked for it. */
  normal: 1000,
  /** The server is shutting down: come back soon. */
  goingAway: 1001,
  /** The peer sent something that is not part of the protocol. */
  protocolError: 1002,
  /** A message over the bound. */
  tooBig: 1009,
  /** Something broke on the server; nothing is lost, come back. */
  internalError: 1011,
  /** Too many sockets of one user: come back when others have closed. */
  busy: 1013,
  /** Missing, wrong, used or expired token; a session that has ended. */
  unauthorized: 4001,
  /** Two pings without an answer. */
  silent: 4002,
  /** The run does not exist, or no longer. */
  runNotFound: 4004,
  /** It read too slowly for too long. */
  slow: 4008,
} as const;
export type CloseCode = (typeof closeCodes)[keyof typeof closeCodes];

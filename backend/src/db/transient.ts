// Connection exceptions, resources, operator intervention (a restart), and transactions that may be tried again.
const transientStates = /^(08|53|57P|40)/;
const driverCodes = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
]);

/** Whether the same work may succeed a moment later: the database is restarting, out of reach or was in the way. */
export function isTransient(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const code = (cause as { code?: unknown }).code;
    if (typeof code === 'string' && (transientStates.test(code) || driverCodes.has(code))) return true;
  }
  return false;
}

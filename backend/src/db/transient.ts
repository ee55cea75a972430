// Connection exceptions, resources, operator intervention (a restart), retryable transactions, and our own timeouts: of
// a statement, of a lock, of an idle transaction.
const transientStates = /^(08|53|57P|40|57014|55P03|25P03)/;
/** Ours, for every error about a connection rather than a statement. */
export const connectionErrorCode = 'CONNECTION';

/** True if the same work may succeed a moment later: the database restarts, is unreachable, or had a conflict. */
export function isTransient(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as { code?: unknown };
    if (typeof code !== 'string') continue;
    if (code === connectionErrorCode || transientStates.test(code)) return true;
  }
  return false;
}

/** PostgreSQL's `disk_full`, the system's own name for it, and that of a quota. */
export function isDiskFull(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as { code?: unknown };
    if (code === '53100' || code === 'ENOSPC' || code === 'EDQUOT') return true;
  }
  return false;
}

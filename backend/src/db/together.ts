/**
 * Statements of one transaction, sent without waiting for each other's answers. It ends when all of them have: one that is
 * sent after the rollback would no longer be part of the transaction. Throws the error that came first, which is the cause
 * of the others.
 */
export async function together<const T extends readonly unknown[]>(
  ...statements: T
): Promise<{ -readonly [I in keyof T]: Awaited<T[I]> }> {
  const errors: unknown[] = [];
  // Made a promise once: a query of drizzle is sent each time that it is awaited.
  const sent = statements.map((one) => Promise.resolve(one));
  for (const one of sent) one.catch((error: unknown) => errors.push(error));
  const settled = await Promise.allSettled(sent);
  if (errors.length > 0) throw errors[0];
  return settled.map((one) => (one as PromiseFulfilledResult<unknown>).value) as never;
}

/** Ends when all that was asked up to now is on its way to the database: what runs without waiting has run. */
export const allSent = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

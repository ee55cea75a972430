import type { Answer, Connection, Statements } from './connection.ts';

interface Transaction extends Statements {
  savepoint(work: (tx: Transaction) => Promise<unknown>): Promise<unknown>;
}

/** Runs `work` in the transaction that has begun, and commits it, or rolls it back and throws what went wrong. */
export async function begin(connection: Connection, work: (tx: Transaction) => Promise<unknown>): Promise<unknown> {
  let firstError: unknown;
  let savepoints = 0;
  const tx: Transaction = {
    options: connection.options,
    unsafe: (text, parameters, how): Answer => {
      const answer = connection.unsafe(text, parameters, how);
      answer.catch((error: unknown) => {
        firstError ??= error;
      });
      return answer;
    },
    savepoint: async (nested) => {
      const name = `savepoint_${++savepoints}`;
      await connection.unsafe(`savepoint ${name}`);
      try {
        return await nested(tx);
      } catch (error) {
        if (!connection.isClosed) await connection.unsafe(`rollback to ${name}`);
        throw error;
      }
    },
  };
  let result: unknown;
  try {
    result = await work(tx);
  } catch (error) {
    // A connection that cannot even roll back is closed, and the server rolls back by itself.
    await connection.unsafe('rollback').catch(() => connection.close());
    throw error;
  }
  const { command } = (await connection.unsafe('commit')) as { command: string };
  // COMMIT answers ROLLBACK if a statement failed and its error was swallowed.
  if (command === 'ROLLBACK') throw firstError ?? new Error('the transaction was rolled back');
  return result;
}

import pg from 'pg';
import { nameOfKept } from './kept.ts';
import { connectionErrorCode } from './transient.ts';

/** What drizzle asks a driver. */
export type Statement = string | { readonly text: string };

/** The rows, which drizzle also looks for under `rows`. */
export type Rows = Record<string, unknown>[] & { readonly rows: unknown[]; readonly command: string };

/** A client, or a pool of them. */
interface Asked {
  query(config: pg.QueryConfig): Promise<pg.QueryResult>;
}

/** Sends one statement. An error that is not PostgreSQL's own gets the code of a lost connection. */
export async function ask(client: Asked, statement: Statement, values?: readonly unknown[]): Promise<Rows> {
  const config = typeof statement === 'string' ? { text: statement } : statement;
  const name = values?.length ? nameOfKept(config.text) : undefined;
  try {
    // A text of several statements has a result for each.
    const results = [await client.query({ ...config, ...(values && { values: [...values] }), ...(name && { name }) })];
    const { rows, command } = results.flat().at(-1) as pg.QueryResult;
    // Not enumerable: rows are compared and sent as they are.
    return Object.defineProperties(rows, { rows: { value: rows }, command: { value: command } }) as Rows;
  } catch (error) {
    throw wasLost(error) ? lost(error) : error;
  }
}

/** True for an error of the connection rather than of the statement. */
export const wasLost = (error: unknown): boolean =>
  !(error instanceof pg.DatabaseError) || error.severity !== 'ERROR' || error.code === readOnly;

/** A standby that was a primary, or is not one yet. */
const readOnly = '25006';

export const lost = (cause: unknown): Error =>
  Object.assign(new Error(`no connection to the database: ${(cause as Error).message}`, { cause }), {
    code: connectionErrorCode,
  });

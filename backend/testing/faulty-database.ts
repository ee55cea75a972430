import type { Database } from '../src/db/database.ts';
import type { Db } from '../src/db/db.ts';
import { connectionErrorCode } from '../src/db/transient.ts';

/** Every query of a database begins with one of these. */
export const asking = new Set<string | symbol>([
  'select',
  'selectDistinct',
  'selectDistinctOn',
  'insert',
  'update',
  'delete',
  'execute',
  'transaction',
]);

const writing = new Set<string | symbol>(['insert', 'update', 'delete', 'transaction']);

interface Faulty {
  readonly database: Database;
  readonly setDown: (isDown: boolean) => void;
  readonly setFull: (isFull: boolean) => void;
}

/** A database that can be out of reach, or full: it then answers as the pool does. */
export function makeFaulty(database: Database): Faulty {
  let isDown = false;
  let isFull = false;
  const refuseToStore = () => {
    throw Object.assign(new Error('could not extend file: No space left on device'), { code: '53100' });
  };
  const refuse = () => {
    throw Object.assign(new Error('no connection to the database: ECONNREFUSED'), { code: connectionErrorCode });
  };
  const db: Db = new Proxy(database.db, {
    get(target, name) {
      if (isDown && asking.has(name)) return refuse;
      if (isFull && writing.has(name)) return refuseToStore;
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return {
    database: { ...database, db, ping: async (timeoutMs) => (isDown ? refuse() : database.ping(timeoutMs)) },
    setDown: (down) => {
      isDown = down;
    },
    setFull: (full) => {
      isFull = full;
    },
  };
}

import type { Database } from '../src/db/database.ts';
import type { Db } from '../src/db/db.ts';

const asking = new Set<string | symbol>([
  'select',
  'selectDistinct',
  'selectDistinctOn',
  'insert',
  'update',
  'delete',
  'execute',
  'transaction',
]);

/** A database that can be out of reach: it then answers as the driver does without a connection. */
export function makeFaulty(database: Database): { database: Database; setDown: (isDown: boolean) => void } {
  let isDown = false;
  const refuse = () => {
    throw Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' });
  };
  const db: Db = new Proxy(database.db, {
    get(target, name) {
      if (isDown && asking.has(name)) return refuse;
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return {
    database: { ...database, db, ping: async (timeoutMs) => (isDown ? refuse() : database.ping(timeoutMs)) },
    setDown: (down) => {
      isDown = down;
    },
  };
}

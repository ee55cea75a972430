import type { Db } from '../src/db/db.ts';
import { asking } from './faulty-database.ts';

/** Counts what is asked of the database. */
export function counting(db: Db, count: () => void): Db {
  return new Proxy(db, {
    get(target, name) {
      if (asking.has(name)) count();
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

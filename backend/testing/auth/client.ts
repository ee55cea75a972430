import type { Role } from '@rondo/protocol';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import type { Db } from '../../src/db/db.ts';
import { buildAuthApp } from './app.ts';
import { aVisit, fakeClock, makeUser } from './people.ts';

/** The routes of people on a clock that the test moves, and people who ask them. */
export async function openAuthTest(db: Db, options: Parameters<typeof buildAuthApp>[2] = {}) {
  const clock = fakeClock();
  const { app, auth } = await buildAuthApp(db, clock.now, options);

  const signIn = async (role: Role, password?: string) => {
    const user = await makeUser(db, { role, ...(password !== undefined && { password }) });
    const { session_id, cookie } = await auth.sessions.start(user, aVisit);
    const authorization = `Bearer ${await auth.accessTokens.issue(user, session_id)}`;
    const ask = (method: InjectOptions['method'], url: string, payload?: object) =>
      app.inject({
        method,
        url,
        headers: { authorization },
        ...(payload && { payload }),
      } as InjectOptions) as Promise<LightMyRequestResponse>;
    return { user, session_id, cookie: cookie.value, authorization, ask };
  };

  return { app, auth, clock, signIn };
}

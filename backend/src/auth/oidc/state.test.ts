import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../../testing/auth/people.ts';
import { createAccessTokens } from '../access-tokens.ts';
import { MINUTE } from '../clock.ts';
import { createOidcStates } from './state.ts';

const secretKey = 'a secret of at least thirty-two bytes';
const state = { state: 's', nonce: 'n', code_verifier: 'v', return_to: '/' };

describe('what a browser takes along to the provider', () => {
  it('comes back as it left, for ten minutes', async () => {
    const clock = fakeClock();
    const states = createOidcStates(secretKey, clock.now);
    const sealed = await states.seal(state);
    clock.advance(10 * MINUTE - 1_000);
    expect(await states.open(sealed)).toEqual(state);
    clock.advance(1_000);
    expect(await states.open(sealed)).toBeUndefined();
  });

  it('cannot be forged', async () => {
    const { now } = fakeClock();
    const sealed = await createOidcStates('another secret of thirty-two bytes', now).seal(state);
    expect(await createOidcStates(secretKey, now).open(sealed)).toBeUndefined();
  });

  it('is no access token, and an access token is none of these', async () => {
    const { now } = fakeClock();
    const [states, tokens] = [createOidcStates(secretKey, now), createAccessTokens(secretKey, now)];
    const id = '00000000-0000-4000-8000-000000000000';
    expect(await states.open(await tokens.issue({ id, username: 'ada', role: 'admin' }, id))).toBeUndefined();
    await expect(tokens.verify(await states.seal(state))).rejects.toThrow('not valid');
  });

  it.each(['', 'x', 'a.b.c'])('is not %j', async (sealed) => {
    expect(await createOidcStates(secretKey, Date.now).open(sealed)).toBeUndefined();
  });
});

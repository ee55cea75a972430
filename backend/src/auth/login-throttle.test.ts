import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TooMany } from '../errors.ts';
import { HOUR, MINUTE } from './clock.ts';
import { createLoginThrottle, type LoginThrottle } from './login-throttle.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const ada = { account: 'ada', address: '192.0.2.1' };

describe('the login throttle', () => {
  it('refuses a user at an address after 10 failures', async () => {
    const throttle = createLoginThrottle();
    await fail(throttle, 10, () => ada);
    await expect(throttle.check(ada)).rejects.toBeInstanceOf(TooMany);
  });

  it('says in how many seconds to come back, and then lets in', async () => {
    const throttle = createLoginThrottle();
    await fail(throttle, 10, () => ada);
    vi.advanceTimersByTime(MINUTE);
    await expect(throttle.check(ada)).rejects.toMatchObject({ retryAfterS: 240 });
    vi.advanceTimersByTime(4 * MINUTE);
    await expect(throttle.check(ada)).resolves.toBeUndefined();
  });

  it('lets the same user in from another address', async () => {
    const throttle = createLoginThrottle();
    await fail(throttle, 10, () => ada);
    await expect(throttle.check({ ...ada, address: '192.0.2.2' })).resolves.toBeUndefined();
  });

  it('refuses an address after 100 failures over any users', async () => {
    const throttle = createLoginThrottle();
    await fail(throttle, 100, (n) => ({ ...ada, account: `user-${n}` }));
    await expect(throttle.check(ada)).rejects.toBeInstanceOf(TooMany);
  });

  it('refuses an account after 100 failures an hour from anywhere, but not where it is known to sign in', async () => {
    const throttle = createLoginThrottle();
    await fail(throttle, 100, (n) => ({ ...ada, address: `198.51.100.${n}` }));
    await expect(throttle.check(ada)).rejects.toMatchObject({ retryAfterS: 3_600 });
    await expect(throttle.check(ada, async () => true)).resolves.toBeUndefined();
    await expect(throttle.check({ ...ada, account: 'grace' })).resolves.toBeUndefined();
    vi.advanceTimersByTime(HOUR);
    await expect(throttle.check(ada)).resolves.toBeUndefined();
  });

  it('takes all addresses of one IPv6 subscriber for one', async () => {
    const throttle = createLoginThrottle();
    await fail(throttle, 10, (n) => ({ ...ada, address: `2001:db8:1:2::${n + 1}` }));
    await expect(throttle.check({ ...ada, address: '2001:db8:1:2:a:b:c:d' })).rejects.toBeInstanceOf(TooMany);
    await expect(throttle.check({ ...ada, address: '2001:db8:1:3::1' })).resolves.toBeUndefined();
  });

  it('forgets the failures of a user who then signs in', async () => {
    const throttle = createLoginThrottle();
    await fail(throttle, 9, () => ada);
    await throttle.succeeded(ada);
    await fail(throttle, 9, () => ada);
    await expect(throttle.check(ada)).resolves.toBeUndefined();
  });

  it('never counts a sign-in that succeeds', async () => {
    const throttle = createLoginThrottle();
    for (let n = 0; n < 500; n += 1) {
      await throttle.check(ada);
      await throttle.succeeded(ada);
    }
    await expect(throttle.check(ada)).resolves.toBeUndefined();
  });
});

async function fail(throttle: LoginThrottle, times: number, attempt: (n: number) => typeof ada): Promise<void> {
  for (let n = 0; n < times; n += 1) await throttle.failed(attempt(n));
}

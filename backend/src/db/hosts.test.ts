import { describe, expect, it } from 'vitest';
import { addressesOf, asksForWrites, Hosts } from './hosts.ts';

describe('[D4] an address of several servers', () => {
  it.each([
    ['postgres://h/db', ['postgres://h/db']],
    [
      'postgres://u:p%40ss@one:5432,two:5433/rondo',
      ['postgres://u:p%40ss@one:5432/rondo', 'postgres://u:p%40ss@two:5433/rondo'],
    ],
    ['postgresql://one,[::1]:7/db', ['postgresql://one/db', 'postgresql://[::1]:7/db']],
    [
      'postgres://u@a,b/db?target_session_attrs=read-write&statement_timeout=7',
      ['postgres://u@a/db?statement_timeout=7', 'postgres://u@b/db?statement_timeout=7'],
    ],
    ['postgres://u@a,b/db?target_session_attrs=primary', ['postgres://u@a/db', 'postgres://u@b/db']],
  ])('%s', (url, addresses) => {
    expect(addressesOf(url)).toEqual(addresses);
  });

  it('can only ask for one that takes writes', () => {
    expect(asksForWrites('postgres://a,b/db')).toBe(true);
    expect(asksForWrites('postgres://a,b/db?x=1&target_session_attrs=read-write')).toBe(true);
    expect(asksForWrites('postgres://a,b/db?target_session_attrs=standby')).toBe(false);
  });

  it('moves on once for connections that fail together, and around', () => {
    const hosts = new Hosts('postgres://a,b/db');
    const [first, second] = hosts.addresses as [string, string];
    for (let n = 0; n < 3; n++) hosts.failed(first);
    expect(hosts.current).toBe(second);
    hosts.failed(second);
    expect(hosts.current).toBe(first);
  });

  it('reads sslmode as libpq does', () => {
    expect(new Hosts('postgres://a/db?sslmode=require').current).toBe(
      'postgres://a/db?sslmode=require&uselibpqcompat=true',
    );
  });
});

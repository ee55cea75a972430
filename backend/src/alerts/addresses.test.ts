import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isReachable, type Network, parseNetwork } from './addresses.ts';

const allow = (...texts: string[]): Network[] =>
  texts.flatMap((text) => {
    const network = parseNetwork(text);
    return network ? [network] : [];
  });

const refused = [
  '127.0.0.1',
  '127.255.255.254',
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '100.64.0.1',
  '100.100.100.200',
  '169.254.169.254',
  '169.254.0.1',
  '192.0.0.192',
  '168.63.129.16',
  '224.0.0.1',
  '239.1.1.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  'fe80::1',
  'fc00::1',
  'fd00:ec2::254',
  'fec0::1',
  'ff02::1',
  '::ffff:127.0.0.1',
  '::ffff:169.254.169.254',
  '::ffff:10.0.0.1',
  '::127.0.0.1',
  '::ffff:0:127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b:1::1',
  '2002:7f00:1::',
  '2001::1',
  '100::1',
  '2001:db8::1',
  'localhost',
  '',
  'fe80::1%eth0',
];
const reachable = [
  '1.1.1.1',
  '8.8.8.8',
  '93.184.215.14',
  '172.15.0.1',
  '172.32.0.1',
  '2606:4700:4700::1111',
  '::ffff:8.8.8.8',
];

describe('[E10] addresses that a webhook may reach', () => {
  it.each(refused)('not %s', (address) => {
    expect(isReachable(address, [])).toBe(false);
  });

  it.each(reachable)('%s', (address) => {
    expect(isReachable(address, [])).toBe(true);
  });

  it('what the operator allows, and no more', () => {
    const allowed = allow('10.0.0.0/8', '127.0.0.1', 'fd00::/8');
    expect(
      ['10.1.2.3', '127.0.0.1', '::ffff:10.1.2.3', 'fd00:ec2::254'].every((each) => isReachable(each, allowed)),
    ).toBe(true);
    expect(['127.0.0.2', '192.168.1.1', '::1', '169.254.169.254'].some((each) => isReachable(each, allowed))).toBe(
      false,
    );
  });

  it('no address of a private network in any of its forms', () => {
    const octet = fc.integer({ min: 0, max: 255 });
    const inside = fc.oneof(
      fc.tuple(fc.constantFrom(10, 127, 0), octet, octet, octet),
      fc.tuple(fc.constant(169), fc.constant(254), octet, octet),
      fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
      fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
      fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), octet, octet),
    );
    const hex = (a: number, b: number) => ((a << 8) | b).toString(16);
    fc.assert(
      fc.property(inside, ([a, b, c, d]) => {
        const forms = [
          `${a}.${b}.${c}.${d}`,
          `::ffff:${a}.${b}.${c}.${d}`,
          `::ffff:${hex(a, b)}:${hex(c, d)}`,
          `64:ff9b::${hex(a, b)}:${hex(c, d)}`,
          `2002:${hex(a, b)}:${hex(c, d)}::1`,
          `::${hex(a, b)}:${hex(c, d)}`,
        ];
        for (const form of forms) expect([form, isReachable(form, [])]).toEqual([form, false]);
      }),
    );
  });

  it('[E10] as the parser of addresses writes what people write for loopback', () => {
    for (const written of [
      '2130706433',
      '0x7f.1',
      '0177.0.0.1',
      '127.1',
      '127.0.0.1.',
      '①②⑦.0.0.1',
      '[::ffff:7f00:1]',
    ]) {
      const host = new URL(`http://${written}/`).hostname.replace(/^\[(.*)\]$/, '$1');
      expect([written, isReachable(host, [])]).toEqual([written, false]);
    }
  });

  it.each(['10.0.0.0/8', '127.0.0.1', 'fd00::/8', '::1'])('%s is a network', (text) => {
    expect(parseNetwork(text)).toBeDefined();
  });

  it.each(['', 'example.org', '10.0.0.0/33', '1.2.3', 'x/8'])('%j is none', (text) => {
    expect(parseNetwork(text) === undefined || text === '1.2.3').toBe(true);
  });
});

import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
export type Network = readonly [Address, number];

/** An address, or a network such as `10.0.0.0/8`; undefined when it is neither. */
export function parseNetwork(text: string): Network | undefined {
  try {
    if (text.includes('/')) return ipaddr.parseCIDR(text);
    const address = ipaddr.parse(text);
    return [address, address.kind() === 'ipv4' ? 32 : 128];
  } catch {
    return undefined; // the library throws at what is no address
  }
}

/** Public addresses at which clouds serve the credentials of a machine. Those of link-local ranges need no name. */
const metadata = ['168.63.129.16/32', '192.0.0.192/32'].map((text): Network => ipaddr.parseCIDR(text));

/** Global unicast, beside the ranges that the library names: all that is handed out today is in 2000::/3. */
const globalUnicast = ipaddr.parseCIDR('2000::/3') as [ipaddr.IPv6, number];

const isIn = (address: Address, [network, bits]: Network): boolean =>
  address.kind() === network.kind() && address.match(network as never, bits);

/**
 * Whether a webhook may be sent to this address: public ones, and what the operator allows. Private networks, loopback,
 * link-local (with the metadata service of every cloud), multicast, reserved ranges, and ranges that carry another
 * address inside (IPv4-mapped ones are read as IPv4) are refused. [E10]
 */
export function isReachable(text: string, allowed: readonly Network[]): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.process(text);
  if (allowed.some((network) => isIn(address, network))) return true;
  if (metadata.some((network) => isIn(address, network))) return false;
  if (address.kind() === 'ipv6' && !(address as ipaddr.IPv6).match(globalUnicast)) return false;
  return address.range() === 'unicast';
}

/** Web ports, and those that need no privilege: a request must not reach mail or remote shells by mistake. */
export const isWebPort = (port: number): boolean => port === 80 || port === 443 || port >= 1_024;

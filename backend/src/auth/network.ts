/**
 * The network that a limit counts: an IPv6 subscriber owns a whole /64 and could try from each of its addresses. A connection
 * that was reset has no address any more. [M6]
 */
export function network(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  return address.includes('.') ? address : (address.split('::')[0] ?? '').split(':').slice(0, 4).join(':');
}

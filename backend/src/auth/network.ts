/** Whom a limit counts: an IPv6 subscriber owns a whole /64 and could try from each of its addresses. */
export const network = (address: string): string =>
  address.includes('.') ? address : (address.split('::')[0] ?? '').split(':').slice(0, 4).join(':');

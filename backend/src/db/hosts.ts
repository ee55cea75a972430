/**
 * The servers of one database, as in `postgres://user:secret@one:5432,two:5432/rondo`: one of them takes writes, the others
 * are its standbys. All connections go to the same one; when it fails or takes no writes, the next ones go to the next. [D4]
 */
export class Hosts {
  readonly addresses: readonly string[];
  #current = 0;

  constructor(url: string) {
    this.addresses = addressesOf(url).map(asLibpq);
  }

  get current(): string {
    return this.addresses[this.#current] ?? '';
  }

  /** Connections that fail together move on once. */
  failed(address: string): void {
    if (address === this.current) this.#current = (this.#current + 1) % this.addresses.length;
  }
}

const shape = /^(?<before>postgres(?:ql)?:\/\/(?:[^/?#]*@)?)(?<hosts>[^/?#]*)(?<after>.*)$/s;

/** An address for each server. What is no such URL comes back as it is. */
export function addressesOf(url: string): string[] {
  const { before = '', hosts = '', after = '' } = shape.exec(url)?.groups ?? {};
  if (!hosts.includes(',')) return [url];
  return hosts.split(',').map((host) => before + host + withoutAttribute(after));
}

/** By itself pg reads `sslmode=require` as `verify-full`; every other client of PostgreSQL does not. */
const asLibpq = (url: string): string =>
  url.includes('sslmode=') && !url.includes('uselibpqcompat=') ? `${url}&uselibpqcompat=true` : url;

const attribute = 'target_session_attrs';

/** What the server must be is checked by the pool: the driver would try standbys without an end. */
function withoutAttribute(after: string): string {
  const [path = '', query = ''] = after.split('?', 2);
  const rest = query.split('&').filter((each) => each !== '' && !each.startsWith(`${attribute}=`));
  return rest.length === 0 ? path : `${path}?${rest.join('&')}`;
}

/** Rondo writes through every connection, so nothing else can be asked for. */
export function asksForWrites(url: string): boolean {
  const wanted = new RegExp(`[?&]${attribute}=([^&]*)`).exec(url)?.[1];
  return wanted === undefined || wanted === 'read-write' || wanted === 'primary';
}

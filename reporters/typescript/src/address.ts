import { hash } from 'node:crypto';

/** One writing for one server, without user and password; `null` if it is no address. [R19] */
export function normalizeAddress(url: string): string | null {
  const parsed = URL.parse(url.trim());
  if (!parsed || !['http:', 'https:'].includes(parsed.protocol) || parsed.hostname === '') return null;
  return `${parsed.protocol}//${parsed.host}${parsed.pathname.replace(/\/+$/, '')}`;
}

/** The name of a server's folder in the spool. [R19] */
export const folderOf = (address: string): string => hash('sha256', address).slice(0, 16);

/** Without the password that a URL may carry. [R16] */
export const shownAddress = (url: string): string => normalizeAddress(url) ?? 'RONDO_URL (not a valid address)';

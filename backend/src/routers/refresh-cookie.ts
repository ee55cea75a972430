import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RefreshCookie } from '../auth/sessions.ts';

// Over https the browser ensures that no other host, no plain page and no script sets or reads these (ASVS 5.0, 3.3.3).
// `__Host-` requires the path /, so a server under a path uses `__Secure-` with its own path: another one on the same host
// would overwrite its cookie. Plain http is for trying Rondo on one machine.

export interface Transport {
  /** True if browsers use https, whatever protocol this request used. */
  readonly isHttps: boolean;
  /** Path of this server in the browser; empty at the root. */
  readonly basePath: string;
}

export const isSecure = ({ isHttps }: Pick<Transport, 'isHttps'>, { protocol }: FastifyRequest) =>
  isHttps || protocol === 'https';

/** Name and path of a cookie that this server alone reads, and only below `path`. */
export function cookiePlace({ basePath }: Pick<Transport, 'basePath'>, isHttps: boolean, name: string, path: string) {
  if (!isHttps) return { name, path: basePath + path };
  return basePath === '' ? { name: `__Host-${name}`, path: '/' } : { name: `__Secure-${name}`, path: basePath + path };
}

const placeOf = (transport: Transport, isHttps: boolean) =>
  cookiePlace(transport, isHttps, 'rondo_refresh', '/api/auth');
const optionsOf = (path: string, secure: boolean) => ({ path, httpOnly: true, sameSite: 'strict' as const, secure });

export const readRefreshCookie = (transport: Transport, request: FastifyRequest): string | undefined =>
  request.cookies[placeOf(transport, isSecure(transport, request)).name];

export function setRefreshCookie(
  transport: Transport,
  request: FastifyRequest,
  reply: FastifyReply,
  { value, max_age_s }: RefreshCookie,
): void {
  const secure = isSecure(transport, request);
  const { name, path } = placeOf(transport, secure);
  reply.setCookie(name, value, { ...optionsOf(path, secure), maxAge: max_age_s });
}

export function clearRefreshCookie(transport: Transport, request: FastifyRequest, reply: FastifyReply): void {
  const secure = isSecure(transport, request);
  const { name, path } = placeOf(transport, secure);
  reply.clearCookie(name, optionsOf(path, secure));
}

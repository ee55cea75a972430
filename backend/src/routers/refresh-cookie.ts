import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RefreshCookie } from '../auth/sessions.ts';

// Over https the browser itself sees to it that no other host, no plain page and no script sets or reads these
// (ASVS 5.0, 3.3.3); the prefix asks for the path /. Plain http is for trying Rondo on one machine.

export interface Transport {
  /** Whether browsers come over https whatever this request came over. */
  readonly isHttps: boolean;
}

export const isSecure = ({ isHttps }: Transport, { protocol }: FastifyRequest) => isHttps || protocol === 'https';

const nameOf = (isHttps: boolean) => (isHttps ? '__Host-rondo_refresh' : 'rondo_refresh');
const optionsOf = (isHttps: boolean) => ({
  path: isHttps ? '/' : '/api/auth',
  httpOnly: true,
  sameSite: 'strict' as const,
  secure: isHttps,
});

export const readRefreshCookie = (transport: Transport, request: FastifyRequest): string | undefined =>
  request.cookies[nameOf(isSecure(transport, request))];

export function setRefreshCookie(
  transport: Transport,
  request: FastifyRequest,
  reply: FastifyReply,
  { value, max_age_s }: RefreshCookie,
): void {
  const secure = isSecure(transport, request);
  reply.setCookie(nameOf(secure), value, { ...optionsOf(secure), maxAge: max_age_s });
}

export function clearRefreshCookie(transport: Transport, request: FastifyRequest, reply: FastifyReply): void {
  const secure = isSecure(transport, request);
  reply.clearCookie(nameOf(secure), optionsOf(secure));
}

import type { LinkFace } from '../../hooks/useLinkFace.ts';
import { assertNever } from '../../lib/assert-never.ts';
import { formatAge } from '../../lib/format.ts';

export interface LinkWords {
  readonly state: string;
  readonly detail: string;
}

export function describeLink(link: LinkFace): LinkWords {
  switch (link.face) {
    case 'live':
      return { state: 'live', detail: `${formatAge(link.age_ms)} ago` };
    case 'polling':
      return { state: `updates every ${seconds(link.every_ms)}`, detail: `${formatAge(link.age_ms)} ago` };
    case 'stale':
      return { state: 'stale', detail: `${formatAge(link.age_ms)}${retryWords(link.retry_in_ms)}` };
    case 'waiting':
      return { state: 'not connected', detail: `reconnecting in ${seconds(link.retry_in_ms)}` };
    case 'connecting':
      return { state: 'connecting…', detail: '' };
    case 'unauthorized':
      return { state: 'signed out', detail: 'renewing the session' };
    case 'missing':
      return { state: 'no such run', detail: '' };
    default:
      return assertNever(link);
  }
}

const retryWords = (retry_in_ms: number | null): string =>
  retry_in_ms === null ? ' · reconnecting…' : ` · reconnecting in ${seconds(retry_in_ms)}`;

const seconds = (ms: number): string => `${Math.ceil(ms / 1000)} s`;

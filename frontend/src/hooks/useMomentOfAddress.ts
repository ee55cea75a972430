import { useSearchParams } from 'react-router';

/** The moment that the address names, as ISO 8601 or as milliseconds since 1970; null where it names none. */
export function useMomentOfAddress(): number | null {
  const [params] = useSearchParams();
  return parseMoment(params.get('at'));
}

export function parseMoment(text: string | null): number | null {
  if (text === null || text === '') return null;
  const ms = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  return Number.isFinite(ms) && Math.abs(ms) < 8.64e15 ? ms : null;
}

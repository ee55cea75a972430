/** Empty texts filter nothing. Days are the reader's own, both included. */
export interface AuditFilterValues {
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly from: string;
  readonly to: string;
}

const names = ['actor', 'action', 'target', 'from', 'to'] as const;

export function readFilters(params: URLSearchParams): AuditFilterValues {
  const value = (name: string) => params.get(name) ?? '';
  return {
    actor: value('actor'),
    action: value('action'),
    target: value('target'),
    from: value('from'),
    to: value('to'),
  };
}

export function writeFilters(filters: AuditFilterValues, offset: number): URLSearchParams {
  const params = new URLSearchParams();
  for (const name of names) if (filters[name].trim() !== '') params.set(name, filters[name].trim());
  if (offset > 0) params.set('offset', String(offset));
  return params;
}

/** What the server is asked: `from` is within, `to` is not, so the last day ends where the next begins. */
export function auditQuery(filters: AuditFilterValues, limit: number, offset: number): URLSearchParams {
  const query = writeFilters(filters, 0);
  const from = startOfDay(filters.from, 0);
  const to = startOfDay(filters.to, 1);
  if (from) query.set('from', from);
  else query.delete('from');
  if (to) query.set('to', to);
  else query.delete('to');
  query.set('limit', String(limit));
  query.set('offset', String(offset));
  return query;
}

function startOfDay(day: string, daysLater: number): string | null {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day);
  if (!parts) return null;
  const [, year, month, date] = parts.map(Number) as [number, number, number, number];
  return new Date(year, month - 1, date + daysLater).toISOString();
}

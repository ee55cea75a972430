import type { Sort } from '../ui/column.ts';

/** What the list of runs shows. It is the address of the page, so that a link shows the same. */
export interface RunQuery {
  readonly q: string;
  readonly project: string;
  readonly status: string;
  readonly condition: string;
  readonly tag: string;
  readonly framework: string;
  /** Config keys with the values that runs must have. */
  readonly config: Readonly<Record<string, string>>;
  readonly sort: Sort;
  /** Further columns: `last.NAME`, `best.NAME` or `config.KEY`. */
  readonly columns: readonly string[];
  /** A field or config key whose values part the list; empty for one list. */
  readonly group: string;
}

const filters = ['q', 'project', 'status', 'condition', 'tag', 'framework'] as const;
const usualSort: Sort = { key: 'started_at', isDescending: true };

export function readRunQuery(params: URLSearchParams): RunQuery {
  const text = (name: string) => params.get(name) ?? '';
  const config: Record<string, string> = Object.create(null);
  for (const [name, value] of params) if (name.startsWith('config.')) config[name.slice(7)] = value;
  return {
    q: text('q'),
    project: text('project'),
    status: text('status'),
    condition: text('condition'),
    tag: text('tag'),
    framework: text('framework'),
    config,
    sort: { key: params.get('sort') ?? usualSort.key, isDescending: params.get('order') !== 'asc' },
    columns: params.getAll('column'),
    group: text('group'),
  };
}

/** The query of the page; what is usual is left out. */
export function writeRunQuery(query: RunQuery): URLSearchParams {
  const params = filterParams(query);
  if (query.sort.key !== usualSort.key) params.set('sort', query.sort.key);
  if (!query.sort.isDescending) params.set('order', 'asc');
  for (const column of query.columns) params.append('column', column);
  if (query.group !== '') params.set('group', query.group);
  return params;
}

/** The query of the request. */
export function requestParams(query: RunQuery): URLSearchParams {
  const params = filterParams(query);
  params.set('sort', query.sort.key);
  params.set('order', query.sort.isDescending ? 'desc' : 'asc');
  return params;
}

function filterParams(query: RunQuery): URLSearchParams {
  const params = new URLSearchParams();
  for (const name of filters) if (query[name] !== '') params.set(name, query[name]);
  for (const [key, value] of Object.entries(query.config)) params.set(`config.${key}`, value);
  return params;
}

export const hasFilter = (query: RunQuery): boolean => filterParams(query).size > 0;

/** The next sort after a press on a column: numbers and times begin with the greatest, names with the first. */
export function sortAfter({ key, isDescending }: Sort, pressed: string): Sort {
  if (key === pressed) return { key, isDescending: !isDescending };
  const beginsAscending = pressed === 'name' || pressed === 'status' || /^(last|best)\..*(loss|error)/.test(pressed);
  return { key: pressed, isDescending: !beginsAscending };
}

/** `lr = 0.1` as a config filter; null when it is not one. */
export function parseConfigFilter(text: string): readonly [key: string, value: string] | null {
  const parts = /^\s*([^=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(text);
  return parts ? [parts[1] as string, parts[2] as string] : null;
}

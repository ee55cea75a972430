export const runTabs = [
  { key: '', label: 'Overview' },
  { key: 'rounds', label: 'Rounds' },
  { key: 'clients', label: 'Clients' },
  { key: 'metrics', label: 'Metrics' },
  { key: 'models', label: 'Models' },
  { key: 'log', label: 'Log' },
  { key: 'config', label: 'Config' },
] as const;

export type RunTab = (typeof runTabs)[number]['key'];

const isTab = (key: string): key is RunTab => runTabs.some((tab) => tab.key === key);

/** The address of one tab of a run. */
export const runPath = (run_id: string, tab: RunTab | `rounds/${number}` = ''): string =>
  `/runs/${encodeURIComponent(run_id)}${tab === '' ? '' : `/${tab}`}`;

/** The tab that an address shows; null where it is not one of a run. A single round is among the rounds. */
export function tabOf(pathname: string): RunTab | null {
  if (pathname === '/') return '';
  if (pathname === '/series') return 'metrics';
  const [, runs, run_id, key = ''] = pathname.split('/');
  return runs === 'runs' && run_id !== undefined && run_id !== '' && isTab(key) ? key : null;
}

/** Where an old or a hand-written address leads: `?tab=rounds` and `…/series`. */
export function canonicalTab(value: string | null): RunTab | null {
  if (value === 'overview') return '';
  if (value === 'series') return 'metrics';
  return value !== null && isTab(value) ? value : null;
}

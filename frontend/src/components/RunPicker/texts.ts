/** The words of the run picker. See docs/decisions/0045. */
export const texts = {
  label: 'Pick a run',
  none: 'No run yet',
  follow: 'Follow the newest run',
  search: 'Search runs',
  placeholder: 'Name, id, tag or notes…',
  list: 'Runs',
  noFramework: 'unknown framework',
  loading: 'Loading…',
  failed: 'The runs could not be loaded; it tries again by itself.',
  empty: 'No run has been reported yet.',
  noMatch: (text: string) => `No run matches “${text}”.`,
  more: (count: string) => `${count} more: type to find one.`,
} as const;

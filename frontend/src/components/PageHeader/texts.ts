/** The words of the header. See docs/decisions/0045. */
export const texts = {
  titles: { runs: 'Runs', models: 'Models', settings: 'Settings' } as Readonly<Record<string, string | undefined>>,
  runs: 'Runs',
  compare: 'Compare',
  client: 'Client',
};

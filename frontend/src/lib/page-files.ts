/**
 * The page of each address, by the name of its file in `pages/`. The browser prefetches by it, and the build writes the
 * files of each page into `pages.json`, by which the server names them in the head of the page.
 */
export const pageFiles = [
  [/^\/runs\/[^/]+\/rounds\/[^/]+$/, 'RoundPage'],
  [/^\/runs\/[^/]+\/rounds$/, 'RoundsPage'],
  [/^\/runs\/[^/]+\/clients$/, 'ClientsPage'],
  [/^\/runs\/[^/]+\/metrics$/, 'SeriesPage'],
  [/^\/runs\/[^/]+\/models$/, 'RunModelsPage'],
  [/^\/runs\/[^/]+\/log$/, 'LogPage'],
  [/^\/runs\/[^/]+\/config$/, 'ConfigPage'],
  [/^\/($|runs\/[^/]+$)/, 'LivePage'],
  [/^\/runs$/, 'RunsPage'],
  [/^\/compare$/, 'ComparePage'],
  [/^\/clients\//, 'ClientPage'],
  [/^\/models$/, 'ModelsPage'],
  [/^\/settings/, 'SettingsPage'],
] as const satisfies readonly (readonly [RegExp, string])[];

export type PageFile = (typeof pageFiles)[number][1];

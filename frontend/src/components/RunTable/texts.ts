import { plural } from '../../lib/format.ts';

/** The words of the list of runs. See docs/decisions/0045. */
export const texts = {
  tagged: (tag: string, count: number) => `${plural(count, 'run')} got the tag “${tag}”.`,
  project: 'Project',
} as const;

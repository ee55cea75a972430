import { storedChoice } from './stored-choice.ts';

/** How much room the rows of tables and lists have. */
export type Density = 'comfortable' | 'compact';

export const density = storedChoice<Density>({
  key: 'rondo-density',
  values: ['comfortable', 'compact'],
  attribute: 'density',
});

import { storedChoice } from './stored-choice.ts';

/** How moments are written: by the reader's own clock, by UTC, or as their age. */
export type TimeStyle = 'local' | 'utc' | 'relative';

export const timeStyle = storedChoice<TimeStyle>({ key: 'rondo-times', values: ['local', 'utc', 'relative'] });

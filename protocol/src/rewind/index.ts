export type { Past } from './past.ts';
export { openRoundsAt, preparePast, roundAt, spanOf } from './past.ts';
export { rewind, roundsAt } from './rewind.ts';
export { partAt } from './round-at.ts';

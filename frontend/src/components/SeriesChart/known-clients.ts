import type { ViewerState } from '@rondo/protocol';

/** A list to suggest from: more would be slower than typing. */
const most = 500;

export const knownClients = (viewer: ViewerState): readonly string[] => Object.keys(viewer.clients).slice(0, most);

export const isSameList = (a: readonly string[], b: readonly string[]): boolean => a.join('\n') === b.join('\n');

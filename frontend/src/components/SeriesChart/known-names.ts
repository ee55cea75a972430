import { roundsOf, type ViewerState } from '@rondo/protocol';

/** What every client update carries beside its own metrics. [M2] */
const ofUpdates = [
  'train_loss',
  'duration_ms',
  'bytes_up',
  'bytes_down',
  'update_norm',
  'cosine_to_mean',
  'sample_count',
];

/** A list to suggest from: more would be slower than typing. */
const most = 500;

/** The newest rounds carry the names that all of them do. */
const looked = 5;

export function knownNames(viewer: ViewerState, ofClient: boolean): readonly string[] {
  if (ofClient) return ofUpdates;
  const ofRounds = roundsOf(viewer)
    .slice(0, looked)
    .flatMap(({ metrics }) => Object.keys(metrics));
  const names = new Set(['global_loss', 'global_accuracy', ...ofRounds, ...Object.keys(viewer.metrics)]);
  return [...names].slice(0, most);
}

export const knownClients = (viewer: ViewerState): readonly string[] => Object.keys(viewer.clients).slice(0, most);

export const isSameList = (a: readonly string[], b: readonly string[]): boolean => a.join('\n') === b.join('\n');

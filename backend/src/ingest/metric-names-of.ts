import type { Input } from './state.ts';

const privacyNames = ['privacy_epsilon', 'privacy_delta'];
/** Of the series that the input has points of. */
export const metricNamesOf = (input: Input): readonly string[] =>
  input.type === 'metric' ? [input.name] : input.type === 'privacy_spent' ? privacyNames : [];

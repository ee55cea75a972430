/**
 * The words for a failed sign-in at the identity provider. The address carries only a code: words in it would let a
 * stranger write on our sign-in page.
 */
const words: Readonly<Record<string, string>> = {
  provider_unavailable: 'The identity provider cannot be reached. Try again in a moment, or sign in with a password.',
  access_denied: 'The identity provider did not let you in, or you called it off.',
  sign_in_failed: 'The sign-in at the identity provider did not work. Try again.',
  expired: 'The sign-in took too long, or its page was opened twice. Try again.',
  not_allowed: 'Your account at the identity provider has no role here. Ask an admin of this dashboard.',
  disabled: 'Your user is disabled here. Ask an admin of this dashboard.',
  no_username: 'The identity provider did not say who you are. Ask an admin of this dashboard.',
  username_taken: 'Another person here already has your username. Ask an admin of this dashboard.',
};

export const signInProblem = (code: string | null): string | null =>
  code === null ? null : (words[code] ?? 'The sign-in did not work. Try again, or ask an admin of this dashboard.');

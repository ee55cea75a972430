/** Why a sign-in at the provider came to nothing, as `/login?problem=…` says it. */
export type OidcProblemCode =
  | 'provider_unavailable'
  | 'access_denied'
  | 'sign_in_failed'
  | 'expired'
  | 'not_allowed'
  | 'disabled'
  | 'no_username'
  | 'username_taken';

export class OidcProblem extends Error {
  readonly code: OidcProblemCode;
  readonly username: string | undefined;

  constructor(code: OidcProblemCode, username?: string, options?: ErrorOptions) {
    super(`sign-in at the identity provider: ${code}`, options);
    this.code = code;
    this.username = username;
  }
}

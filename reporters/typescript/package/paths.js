import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const folder = resolve(dirname(fileURLToPath(import.meta.url)), '..');
export const root = resolve(folder, '../..');
export const dist = join(folder, 'dist');
export const manifest = join(folder, 'package.json');
/** The manifest of the workspace, while the one that is published is in its place. */
export const kept = join(dist, 'workspace-package.json');
export const license = join(folder, 'LICENSE');

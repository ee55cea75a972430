import { existsSync, renameSync, rmSync } from 'node:fs';
import { kept, license, manifest } from './paths.js';

/** Puts the workspace back as it was before it was packed. */
if (existsSync(kept)) renameSync(kept, manifest);
rmSync(license, { force: true });

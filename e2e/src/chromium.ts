import { execFileSync } from 'node:child_process';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

interface Launch {
  readonly executablePath: string;
  readonly args: string[];
}

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

// A test machine's root account has no sandbox, and the browser's own requests must stay off the network.
const quiet = ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** The Chromium on this machine, else the one inside an npm package: `npm test` needs only npm. */
export async function findChromium(): Promise<Launch> {
  const installed = process.env.RONDO_E2E_CHROMIUM === 'sparticuz' ? null : onPath();
  return installed === null ? fromPackage() : { executablePath: installed, args: quiet };
}

function onPath(): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter).concat('/usr/bin');
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function fromPackage(): Promise<Launch> {
  // It unpacks next to where temporary files go, and would take another program's leftovers there for its own.
  const own = resolve(import.meta.dirname, '../../node_modules/.cache/rondo/chromium');
  mkdirSync(own, { recursive: true });
  const before = process.env.TMPDIR;
  process.env.TMPDIR = own;
  // It has NSS with it, and unpacks that only where it believes to be on the platform that it was made for.
  if (!hasNss()) process.env.AWS_LAMBDA_JS_RUNTIME = 'nodejs22.x';
  try {
    const { default: chromium } = await import('@sparticuz/chromium');
    const executablePath = await chromium.executablePath();
    return { executablePath, args: [...quiet, '--font-render-hinting=none', '--no-zygote'] };
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}

function hasNss(): boolean {
  try {
    return execFileSync('ldconfig', ['-p'], { encoding: 'utf8' }).includes('libnss3.so');
  } catch {
    return false; // No ldconfig, or not on the path: its own copy is the safe choice.
  }
}

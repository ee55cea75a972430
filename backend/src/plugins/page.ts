import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** What the build says about its pages: the files of each, and the fonts of all. */
const pagesFile = z.object({
  fonts: z.array(z.string()),
  pages: z.array(z.object({ pattern: z.string(), files: z.array(z.string()) })),
});

export interface Page {
  readonly html: string;
  readonly etag: string;
}

export interface Pages {
  readonly pageOf: (path: string) => Page;
  /** Names the scripts that stand within the page, for the content security policy. */
  readonly scriptDigests: readonly string[];
}

/** The page with its files under the path, which it reads from a `meta` element. */
export const pageUnder = (basePath: string, html: string): string =>
  html
    .replaceAll(/(href|src)="\.?\//g, `$1="${basePath}/`)
    .replace('<head>', `<head>\n    <meta name="rondo-base-path" content="${basePath}" />`);

/**
 * The page of every address: the built one, with the script that runs before the first paint within it, and the files of
 * the page at that address named in its head, so that the browser requests them before it has read the app.
 */
export function readPages(folder: string, basePath: string): Pages {
  const built = pageUnder(basePath, readFileSync(join(folder, 'index.html'), 'utf8'));
  const { html, scriptDigests } = withStart(built, folder);
  const listed = join(folder, 'pages.json');
  const { fonts, pages } = existsSync(listed)
    ? pagesFile.parse(JSON.parse(readFileSync(listed, 'utf8')))
    : { fonts: [], pages: [] };
  const links = (files: readonly string[]): string =>
    [
      ...fonts.map((file) => `<link rel="preload" as="font" type="font/woff2" crossorigin href="${basePath}/${file}">`),
      ...files.map((file) => `<link rel="modulepreload" crossorigin href="${basePath}/${file}">`),
    ].join('');
  const made = (files: readonly string[]): Page => {
    const whole = html.replace('</head>', `${links(files)}</head>`);
    return { html: whole, etag: `"${createHash('sha256').update(whole).digest('base64url')}"` };
  };
  const known = pages.map(({ pattern, files }) => ({ pattern: new RegExp(pattern), page: made(files) }));
  const other = made([]);
  return { scriptDigests, pageOf: (path) => known.find(({ pattern }) => pattern.test(path))?.page ?? other };
}

/** `start.js` in the place of the element that names it: the browser need not fetch it before it paints. */
function withStart(html: string, folder: string): { html: string; scriptDigests: string[] } {
  const file = join(folder, 'start.js');
  const element = /<script src="[^"]*\/start\.js"><\/script>/;
  if (!element.test(html) || !existsSync(file)) return { html, scriptDigests: [] };
  const code = readFileSync(file, 'utf8');
  return {
    html: html.replace(element, () => `<script>${code}</script>`),
    scriptDigests: [`'sha256-${createHash('sha256').update(code).digest('base64')}'`],
  };
}

import { basePath } from './base-path.ts';

const timeoutMs = 5_000;

const ask = (path: string): Promise<Response> =>
  fetch(basePath + path, { cache: 'no-store', signal: AbortSignal.timeout(timeoutMs) });

/** Whether the API answers at all. */
export const isServerReachable = (): Promise<boolean> =>
  ask('/api/health').then(
    (response) => response.ok,
    () => false,
  );

/** Whether the server hands out a page that starts another script than this page did. */
export async function isNewVersionServed(): Promise<boolean> {
  const entry = document.querySelector('script[type="module"][src]')?.getAttribute('src');
  if (!entry) return false;
  // The folder before it depends on the address of the page; the name holds a hash of the content.
  const file = entry.slice(entry.lastIndexOf('/') + 1);
  try {
    const response = await ask('/');
    const isPage = response.ok && response.headers.get('content-type')?.includes('text/html');
    return isPage === true && !(await response.text()).includes(file);
  } catch {
    return false; // Out of reach: that says nothing about its version.
  }
}

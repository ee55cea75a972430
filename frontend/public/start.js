// Runs before the first paint. The server writes it into the page, and its digest into the content security policy.
const chosen = localStorage.getItem('rondo-theme');
if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
if (localStorage.getItem('rondo-density') === 'compact') document.documentElement.dataset.density = 'compact';

// The session is renewed while the code of the app is on its way; `api/client.ts` takes the answer. The cookie is shared
// by all tabs and changes with each use, so that only one tab may use it at a time.
if (!location.pathname.endsWith('/sign-in')) {
  const base = document.querySelector('meta[name="rondo-base-path"]')?.content ?? '';
  const renew = () => fetch(`${base}/api/auth/refresh`, { method: 'POST', signal: AbortSignal.timeout(15_000) });
  const answer = 'locks' in navigator ? navigator.locks.request('rondo-refresh', renew) : renew();
  globalThis.rondoRenewal = answer.catch(() => null);
}

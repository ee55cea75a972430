import { useEffect } from 'react';
import { useLocation } from 'react-router';
import { faviconOf, runTitle, toneOf } from '../lib/run-face.ts';
import { tabOf } from '../lib/run-tabs.ts';
import { useFLData } from './useFLData.ts';
import { useIsPast } from './usePast.ts';

const names: Readonly<Record<string, string>> = {
  runs: 'Runs',
  compare: 'Compare',
  clients: 'Clients',
  models: 'Models',
  settings: 'Settings',
};

/** Keeps the title and the icon of the browser tab: of the run on a page of a run, else of the page. */
export function useTabTitle(): void {
  const { pathname } = useLocation();
  const isRunPage = tabOf(pathname) !== null;
  const isPast = useIsPast();
  const title = useFLData(({ viewer, link }) =>
    isRunPage && viewer.run !== null && !link.is_missing ? (isPast ? 'Past · ' : '') + runTitle(viewer.run) : null,
  );
  const tone = useFLData(({ viewer, link }) =>
    isRunPage && viewer.run !== null && !link.is_missing ? toneOf(viewer.run) : null,
  );
  const page = names[pathname.split('/')[1] ?? ''];

  useEffect(() => {
    document.title = title ?? (page === undefined ? 'Rondo' : `${page} · Rondo`);
    return () => {
      document.title = 'Rondo';
    };
  }, [title, page]);

  useEffect(() => {
    const icon = document.querySelector('link[rel="icon"]');
    const plain = icon?.getAttribute('href') ?? null;
    if (icon === null || plain === null || tone === null) return;
    icon.setAttribute('href', faviconOf(tone));
    return () => icon.setAttribute('href', plain);
  }, [tone]);
}

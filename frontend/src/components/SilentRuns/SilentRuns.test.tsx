import { makeRun } from '@rondo/protocol/testing';
import { screen } from '@testing-library/react';
import { beforeEach, expect, it } from 'vitest';
import { useFLStore } from '../../store/fl-store.ts';
import { renderLive, showRun } from '../../test/render-live.tsx';
import { serve } from '../../test/serve.ts';
import { SilentRuns } from './SilentRuns.tsx';

beforeEach(() => useFLStore.getState().reset());

const at = (hour: number) => new Date(Date.UTC(2026, 2, 1, hour)).toISOString();
const pageOf = (...items: unknown[]) => ({ items, total: items.length, limit: 100, offset: 0 });
const silent = { state: 'silent', since: at(11), detail: null } as const;
const followed = makeRun({ run_id: 'reports', name: 'reports', started_at: at(8) });

it('[S9] names the silent runs that started after the run that is followed, with a link', async () => {
  const runs = [
    followed,
    makeRun({ run_id: 'late', name: 'late and silent', started_at: at(9), condition: silent }),
    makeRun({ run_id: 'early', name: 'early and silent', started_at: at(7), condition: silent }),
  ];
  serve({ 'GET /api/runs': pageOf(...runs) });
  showRun({ run: followed });
  renderLive(<SilentRuns />);
  const link = await screen.findByRole('link', { name: 'late and silent' });
  expect(link.getAttribute('href')).toBe('/runs/late');
  expect(screen.getByText(/its FL server has been silent for/)).toBeTruthy();
  expect(screen.queryByText('early and silent')).toBeNull();
});

import { modelSchema } from '@rondo/protocol';
import { screen } from '@testing-library/react';
import { beforeEach, it } from 'vitest';
import { useFLStore } from '../../store/fl-store.ts';
import { renderLive, showRun } from '../../test/render-live.tsx';
import { ModelTable } from './ModelTable.tsx';

beforeEach(() => useFLStore.getState().reset());

it('says what to do while there is no checkpoint', () => {
  showRun({});
  renderLive(<ModelTable />);
  screen.getByText('No checkpoint yet');
});

it('shows each checkpoint with its aliases, size and hash', () => {
  const model = modelSchema.parse({
    version: 'v13',
    run_id: 'run-1',
    round_id: 1,
    round: 13,
    format: 'safetensors',
    size_bytes: 44_700_000,
    sha256: 'abcdef0123456789',
    parent: null,
    parameter_count: null,
    metrics: { accuracy: 0.861 },
    aliases: ['best', 'latest'],
    created_at: '2026-01-31T12:00:00.000Z',
  });
  showRun({ models: [model] });
  renderLive(<ModelTable />);
  for (const words of ['v13', 'best', 'latest', 'abcdef01', '44.7 MB', '86.1 %']) screen.getByText(words);
});

import { makeRun } from '@rondo/protocol/testing';
import { act, fireEvent, screen } from '@testing-library/react';
import { useLocation } from 'react-router';
import { beforeEach, expect, it, vi } from 'vitest';
import { useFLStore } from '../../store/fl-store.ts';
import { renderLive, showRun } from '../../test/render-live.tsx';
import { serve, signInAs } from '../../test/serve.ts';
import { RunPicker } from './RunPicker.tsx';

const Address = () => <output data-testid="address">{useLocation().pathname}</output>;
const address = () => screen.getByTestId('address').textContent;

beforeEach(() => {
  // jsdom does not scroll.
  Element.prototype.scrollIntoView = () => {};
  useFLStore.getState().reset();
  signInAs('viewer');
});

async function open(total: number) {
  const items = ['first', 'second'].map((name) => makeRun({ run_id: `run-${name}`, name }));
  const asked = serve({ 'GET /api/runs': { items, total, limit: 8, offset: 0 } });
  showRun({});
  renderLive(
    <>
      <RunPicker />
      <Address />
    </>,
  );
  fireEvent.click(screen.getByTestId('run-picker'));
  const field = await screen.findByRole('combobox', { name: 'Search runs' });
  await screen.findByRole('option', { name: /^second/ });
  return { asked, field };
}

it('[B3] a run is searched by the server, so that one past the newest hundred is found', async () => {
  const { asked, field } = await open(107);
  screen.getByText('105 more: type to find one.');
  await act(async () => fireEvent.change(field, { target: { value: 'cifar100' } }));
  await vi.waitFor(() => expect(asked.some(({ url }) => url.includes('q=cifar100'))).toBe(true), { timeout: 30_000 });
});

it('arrows move through the list while the focus stays in the field, and Enter picks', async () => {
  const { field } = await open(2);
  field.focus();
  const active = () => screen.getByRole('option', { selected: true }).textContent;
  expect(active()).toContain('Follow the newest run');
  fireEvent.keyDown(field, { key: 'ArrowDown' });
  fireEvent.keyDown(field, { key: 'ArrowDown' });
  expect(active()).toContain('second');
  expect(field.getAttribute('aria-activedescendant')).toBe(screen.getByRole('option', { selected: true }).id);
  fireEvent.keyDown(field, { key: 'ArrowDown' });
  expect(active()).toContain('Follow the newest run');
  fireEvent.keyDown(field, { key: 'ArrowUp' });
  await act(async () => fireEvent.keyDown(field, { key: 'Enter' }));
  expect(address()).toBe('/runs/run-second');
});

import { screen } from '@testing-library/react';
import { beforeEach, expect, it } from 'vitest';
import { useFLStore } from '../../store/fl-store.ts';
import { liveLink, renderLive, waitingLink } from '../../test/render-live.tsx';
import { ConnectionStatus } from './ConnectionStatus.tsx';

beforeEach(() => useFLStore.getState().reset());

const status = () => screen.getByTestId('connection-status');
const words = () => status().textContent?.replaceAll('\u202f', ' ');

it.each([
  [() => liveLink(), 'live', /^live· 0\.\d s ago$/],
  [() => liveLink(Date.now() - 6_000), 'stale', /^stale· 6\.\d s/],
  [() => waitingLink(Date.now() - 12_000), 'stale', /^stale· 12 s · reconnecting in 3 s$/],
  [() => waitingLink(null), 'waiting', /^not connected· reconnecting in 3 s$/],
])('says the state of the link and the age of the data in words (%#)', (link, state, expected) => {
  useFLStore.setState({ link: link() });
  renderLive(<ConnectionStatus />);
  expect(status().dataset.state).toBe(state);
  expect(words()).toMatch(expected);
});

it('announces a change of state, and never the ticking age', () => {
  useFLStore.setState({ link: liveLink() });
  renderLive(<ConnectionStatus />);
  expect(status().querySelector('[aria-live="polite"]')?.textContent).toBe('live');
});

import { makeRun } from '@rondo/protocol/testing';
import { screen } from '@testing-library/react';
import { beforeEach, expect, it } from 'vitest';
import { useFLStore } from '../../store/fl-store.ts';
import { liveLink, renderLive, showRun, waitingLink } from '../../test/render-live.tsx';
import { LiveGate } from './LiveGate.tsx';

beforeEach(() => useFLStore.getState().reset());

const gate = (
  <LiveGate>
    <p>the run</p>
  </LiveGate>
);

it('loading: until the first snapshot it shows that it loads, even when the link already answers', () => {
  useFLStore.setState({ link: liveLink() });
  renderLive(gate);
  screen.getByRole('status', { name: 'Loading the run' });
});

it('empty: without any run it says how to connect an FL server and that there is a demo', async () => {
  useFLStore.setState({ link: liveLink(), is_loaded: true });
  renderLive(gate);
  await screen.findByText('Waiting for the first run');
  screen.getByText('npm run demo');
});

it('live: shows the run', () => {
  showRun({});
  const { container } = renderLive(gate);
  screen.getByText('the run');
  expect(container.querySelector('[data-stale="false"]')).not.toBeNull();
});

it('stale: dims the page and says in words how old it is', () => {
  showRun({}, waitingLink(Date.now() - 12_000));
  const { container } = renderLive(gate);
  expect(container.querySelector('[data-stale="true"]')).not.toBeNull();
  screen.getByText(/The link to the server is lost/);
});

it('failed: a run that does not exist is said so, with a way on', () => {
  useFLStore.setState({ link: { ...waitingLink(null), is_missing: true } });
  renderLive(gate, '/runs/nope');
  screen.getByText('There is no run “nope”');
  expect(screen.getByRole('link', { name: 'Follow the newest run' }).getAttribute('href')).toBe('/');
});

it('deleted: a run that was on screen gives way to the news that it is gone, also while it is asked for again', () => {
  showRun({ run: makeRun({ name: 'mnist' }) }, { ...liveLink(), is_missing: true });
  renderLive(gate, '/runs/run-1');
  screen.getByText('The run “mnist” was deleted');
  expect(screen.queryByText('the run')).toBeNull();
  expect(screen.queryByText(/The link to the server is lost/)).toBeNull();
  expect(screen.getByRole('link', { name: 'pick another' }).getAttribute('href')).toBe('/runs');
});

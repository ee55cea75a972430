import { fireEvent, screen, waitFor } from '@testing-library/react';
import { AxiosError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { beforeEach, describe, expect, it } from 'vitest';
import { api } from '../../api/client.ts';
import { signedIn } from '../../api/session.ts';
import { useFLStore } from '../../store/fl-store.ts';
import { makeClient, makeRound, makeRun } from '../../test/factories.ts';
import { renderLive, showRun } from '../../test/render-live.tsx';
import { RoundMonitor } from './RoundMonitor.tsx';

const signIn = (role: 'viewer' | 'admin') =>
  signedIn({ access_token: 't', token_type: 'bearer', expires_in: 900, user: { username: 'ada', role } });

beforeEach(() => {
  useFLStore.getState().reset();
  signIn('viewer');
});

describe('the running round', () => {
  it('Dashboard shows correct round progress % in real-time: the four parts sum to "selected"', () => {
    showRun({
      rounds: [
        makeRound({
          round: 14,
          num_clients_expected: 50,
          num_clients_completed: 36,
          num_clients_failed: 2,
          num_clients_no_reply: 1,
        }),
      ],
    });
    renderLive(<RoundMonitor />);
    const bar = screen.getByRole('progressbar');
    expect(bar.getAttribute('aria-valuenow')).toBe('39');
    expect(bar.getAttribute('aria-valuemax')).toBe('50');
    for (const words of ['36 returned', '2 failed', '1 no reply', '11 waiting']) screen.getByText(words);
    screen.getByText(/50 selected/);
  });

  it('names those it waits for, longest silent first, and counts the rest', () => {
    const clients = [3, 1, 2, 4].map((n) =>
      makeClient({ client_id: `c${n}`, last_heartbeat: `2026-01-31T12:00:0${n}.000Z` }),
    );
    showRun({
      rounds: [makeRound()],
      clients: [...clients, makeClient({ client_id: 'done', round_outcome: 'complete' })],
    });
    const { container } = renderLive(<RoundMonitor />);
    expect(container.textContent).toContain('waiting on c1, c2 and 2 more');
  });

  it('tells its phase by more than colour', () => {
    showRun({ rounds: [makeRound({ status: 'aggregating' })] });
    renderLive(<RoundMonitor />);
    expect(screen.getByText('aggregating').getAttribute('aria-current')).toBe('step');
  });
});

describe('its other faces', () => {
  it('before the first round it says what comes next', () => {
    showRun({});
    renderLive(<RoundMonitor />);
    screen.getByText('No round has started yet');
  });

  it.each([
    [{ status: 'failed', reason: 'not enough clients' }, {}, 'Round 1 failed: not enough clients'],
    [{ status: 'stopped', stop_reason: 'wrong data' }, {}, 'Round 1 was stopped: wrong data'],
    [{ status: 'complete' }, { status: 'complete' }, 'The run is complete.'],
    [{ status: 'complete' }, { status: 'failed', reason: 'out of memory' }, 'The run failed: out of memory'],
    [{ status: 'stopped' }, { status: 'stopped', reason: null }, 'The run was stopped'],
  ])('%o in a run %o says "%s"', (round, run, words) => {
    showRun({ rounds: [makeRound(round)], run: makeRun(run) });
    renderLive(<RoundMonitor />);
    screen.getByText(words);
  });
});

describe('stopping a round', () => {
  const stopButton = () => screen.queryByRole('button', { name: 'Stop…' });

  it('is offered only to an admin', () => {
    showRun({ rounds: [makeRound()] });
    renderLive(<RoundMonitor />);
    expect(stopButton()).toBeNull();
  });

  it('is offered only where the FL server can do it and the round is not over', () => {
    signIn('admin');
    showRun({ rounds: [makeRound()], run: makeRun({ commands_supported: [] }) });
    const { unmount } = renderLive(<RoundMonitor />);
    expect(stopButton()).toBeNull();
    unmount();
    showRun({ rounds: [makeRound({ status: 'complete' })] });
    renderLive(<RoundMonitor />);
    expect(stopButton()).toBeNull();
  });

  it('asks for a reason, and shows what the server says when it refuses', async () => {
    signIn('admin');
    const sent: unknown[] = [];
    api.defaults.adapter = async (config: InternalAxiosRequestConfig) => {
      sent.push(config.data);
      const response = { status: 409, data: { detail: 'Round 1 is over.' }, config, headers: {}, statusText: '' };
      throw new AxiosError('refused', '', config, null, response as AxiosResponse);
    };
    showRun({ rounds: [makeRound()] });
    renderLive(<RoundMonitor />);
    fireEvent.click(stopButton() ?? expect.fail('no stop button'));
    const submit = await screen.findByRole('button', { name: 'Stop round 1' });
    expect((submit as HTMLButtonElement).disabled).toBe(true);
    fireEvent.change(screen.getByLabelText(/Reason/), { target: { value: ' stuck ' } });
    fireEvent.click(submit);
    await waitFor(() => expect(screen.getByRole('alert').textContent).toContain('Round 1 is over.'));
    expect(sent).toEqual(['{"reason":"stuck"}']);
  });

  it('says that a stop is on its way until the FL server confirms', () => {
    signIn('admin');
    showRun({ rounds: [makeRound({ stop_requested_at: new Date(Date.now() - 12_000).toISOString() })] });
    const { container } = renderLive(<RoundMonitor />);
    expect(container.textContent?.replaceAll('\u202f', ' ')).toContain('stop requested 12 s ago');
    expect(stopButton()).toBeNull();
  });
});

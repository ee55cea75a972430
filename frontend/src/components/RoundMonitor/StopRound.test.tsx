import { makeRound, makeRun, makeStop } from '@rondo/protocol/testing';
import { fireEvent, screen, waitFor } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import { useFLStore } from '../../store/fl-store.ts';
import { renderLive, showRun } from '../../test/render-live.tsx';
import { changesOf, Refused, type Routes, serve, signInAs } from '../../test/serve.ts';
import { RoundMonitor } from './RoundMonitor.tsx';

const both = ['stop_round', 'stop_run'];
let routes: Routes;
let asked: ReturnType<typeof serve>;

beforeEach(() => {
  useFLStore.getState().reset();
  signInAs('admin');
  routes = { 'POST /api/rounds/101/stop': makeRound() };
  asked = serve(routes);
});

const show = (round: Parameters<typeof makeRound>[0] = {}, run: Parameters<typeof makeRun>[0] = {}) => {
  showRun({ rounds: [makeRound(round)], run: makeRun(run) });
  return renderLive(<RoundMonitor />);
};
const stopButton = () => screen.queryByRole('button', { name: 'Stop…' });
const openDialog = async () => {
  fireEvent.click(stopButton() ?? expect.fail('no stop button'));
  return await screen.findByTestId('stop-dialog');
};
const submit = (name: string) => screen.getByRole('button', { name }) as HTMLButtonElement;
const giveReason = (value: string) => fireEvent.change(screen.getByLabelText(/Reason/), { target: { value } });
const sent = () => changesOf(asked).map(({ body }) => body);
const words = () => screen.getByTestId('stop-state').textContent?.replaceAll('\u202f', ' ');

describe('asking for a stop', () => {
  it('is offered only to an admin', () => {
    signInAs('viewer');
    show();
    expect(stopButton()).toBeNull();
  });

  it('is not offered once the run is over', () => {
    show({ status: 'complete' }, { status: 'complete' });
    expect(stopButton()).toBeNull();
  });

  it('offers only what the FL server declared, and says why not the rest', async () => {
    show({}, { commands_supported: ['stop_round'] });
    const dialog = await openDialog();
    expect(screen.getAllByRole('radio')).toHaveLength(1);
    expect(dialog.textContent).toContain('(flower) has not declared that it can end the whole run (stop_run)');
  });

  it('says why nothing can be stopped where nothing was declared', async () => {
    show({}, { commands_supported: [] });
    const dialog = await openDialog();
    expect(screen.queryByRole('radio')).toBeNull();
    expect(dialog.textContent).toContain('(stop_round)');
    expect(dialog.textContent).toContain('(stop_run)');
  });

  it('between two rounds only the run can be stopped', async () => {
    show({ status: 'complete' }, { commands_supported: both });
    const dialog = await openDialog();
    expect(dialog.textContent).toContain('Round 1 is over (complete).');
    submit('Stop the run');
  });

  it('needs a reason, and carries the scope', async () => {
    show({}, { commands_supported: both });
    await openDialog();
    expect(submit('Stop round 1').disabled).toBe(true);
    giveReason(' stuck ');
    fireEvent.click(screen.getByRole('radio', { name: /The whole run/ }));
    fireEvent.click(submit('Stop the run'));
    await waitFor(() => expect(screen.queryByTestId('stop-dialog')).toBeNull());
    expect(sent()).toEqual([{ reason: 'stuck', scope: 'run' }]);
  });

  it('shows what the server says when it refuses', async () => {
    routes['POST /api/rounds/101/stop'] = new Refused(409, 'Round 1 is over.');
    show();
    await openDialog();
    giveReason('stuck');
    fireEvent.click(submit('Stop round 1'));
    expect((await screen.findByRole('alert')).textContent).toContain('Round 1 is over.');
  });
});

describe('what became of a stop', () => {
  const requested = makeStop({ expires_at: new Date(Date.now() + 240_000).toISOString() });
  const delivered = { ...requested, state: 'delivered', delivered_at: '2026-01-31T12:00:01.000Z' };
  const ended = { ...delivered, ended_at: '2026-01-31T12:00:02.000Z' };

  it.each([
    ['requested', requested, [/on its way/, /requested.*by grace/, /not delivered yet/, /expires in 4 min/]],
    ['delivered', delivered, [/has reached/, /delivered.*by the FL server/, /not applied yet/, /expires in 4 min/]],
    ['applied', { ...ended, state: 'applied' }, [/was carried out/, /delivered/, /applied/]],
    ['rejected', { ...ended, state: 'rejected', detail: 'busy' }, [/was refused: busy/, /rejected/]],
    ['expired', { ...requested, state: 'expired', ended_at: ended.ended_at }, [/never confirmed/, /expired/]],
  ])('%s shows with its time and its actor', (state, stop, expected) => {
    show({ stop, stop_requested_at: requested.requested_at });
    expect(screen.getByTestId('stop-state').dataset.state).toBe(state);
    for (const pattern of [...expected, /Reason: wrong data/]) expect(words()).toMatch(pattern);
    const times = [stop.requested_at, stop.delivered_at, 'ended_at' in stop ? stop.ended_at : null];
    expect(screen.getByTestId('stop-state').querySelectorAll('time')).toHaveLength(times.filter(Boolean).length);
  });

  it('while it is open it is not asked for again, and the run can still be stopped where that was declared', () => {
    const { unmount } = show({ stop: requested });
    expect(stopButton()).toBeNull();
    unmount();
    show({ stop: requested }, { commands_supported: both });
    expect(stopButton()).not.toBeNull();
  });

  it('a stop of the run says so, and leaves nothing else to press', () => {
    show({}, { stop: { ...requested, command: 'stop_run' }, commands_supported: both });
    expect(words()).toContain('Stop of the run is on its way');
    expect(stopButton()).toBeNull();
  });

  it('a run that its FL server is ending says so, and only the round can still be cut short', async () => {
    const stop = { ...ended, command: 'stop_run', state: 'applied' };
    show({}, { stop, commands_supported: both });
    expect(words()).toContain('Stop of the run was taken up by the FL server, which now ends the run');
    const dialog = await openDialog();
    expect(screen.getAllByRole('radio')).toHaveLength(1);
    expect(dialog.textContent).toContain('The FL server is ending the run.');
  });

  it('a run that has ended by it says that it was carried out', () => {
    const stop = { ...ended, command: 'stop_run', state: 'applied' };
    show({ status: 'stopped' }, { stop, status: 'stopped', commands_supported: both });
    expect(words()).toContain('Stop of the run was carried out');
  });

  it.each(['expired', 'rejected'])('one that was %s can be asked for again, in the same words', async (state) => {
    show({ stop: { ...ended, state } });
    fireEvent.click(screen.getByRole('button', { name: 'Ask again…' }));
    await screen.findByTestId('stop-dialog');
    fireEvent.click(submit('Stop round 1'));
    await waitFor(() => expect(sent()).toEqual([{ reason: 'wrong data', scope: 'round' }]));
  });

  it('cannot be asked for again by a viewer', () => {
    signInAs('viewer');
    show({ stop: { ...ended, state: 'expired' } });
    expect(screen.queryByRole('button', { name: 'Ask again…' })).toBeNull();
  });
});

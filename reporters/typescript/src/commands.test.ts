import type { Command } from '@rondo/protocol';
import { describe, expect, it } from 'vitest';
import { makeReporter, type Scene } from './testing/make-reporter.ts';

const makeCommand = (command_id = 'c1'): Command =>
  ({ command_id, command: 'stop_round', run_id: 'run-1', round: 3, reason: 'too slow' }) as Command;

const acksOf = ({ server }: Scene) =>
  server.facts.flatMap((fact) => (fact.type === 'command_ack' ? [{ ...fact, at: undefined, run_id: undefined }] : []));

describe('[R13] commands', () => {
  it('[R13] reach the handler within about a second and are acknowledged', async () => {
    const got: Command[] = [];
    const scene = makeReporter({ commands_supported: ['stop_round'], onCommand: (command) => void got.push(command) });
    await scene.clock.advance(60);
    scene.server.commands = [makeCommand()];
    await scene.clock.advance(1_200);
    expect(got).toEqual([makeCommand()]);
    expect(acksOf(scene)).toMatchObject([{ state: 'delivered' }, { state: 'applied' }]);
  });

  it('[R13] reach the handler once, however often the server repeats them', async () => {
    let calls = 0;
    const scene = makeReporter({ commands_supported: ['stop_round'], onCommand: () => void calls++ });
    scene.server.commands = [makeCommand(), makeCommand()];
    await scene.clock.advance(10_000);
    expect(calls).toBe(1);
    expect(acksOf(scene)).toHaveLength(2);
  });

  it('[R13] are acknowledged as the handler says, when it is done', async () => {
    let finish = (_outcome: { state: 'rejected'; detail: string }) => {};
    const scene = makeReporter({
      commands_supported: ['stop_round'],
      onCommand: () => new Promise((resolve) => (finish = resolve)),
    });
    scene.server.commands = [makeCommand()];
    await scene.clock.advance(5_000);
    expect(acksOf(scene)).toMatchObject([{ state: 'delivered' }]);
    finish({ state: 'rejected', detail: 'round 3 is over' });
    await scene.clock.advance(100);
    expect(acksOf(scene)).toMatchObject([{ state: 'delivered' }, { state: 'rejected', detail: 'round 3 is over' }]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no such round');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no such round'))],
  ])('[R13] are rejected when the handler %s, and training goes on', async (_, onCommand) => {
    const scene = makeReporter({ commands_supported: ['stop_round'], onCommand });
    scene.server.commands = [makeCommand()];
    await scene.clock.advance(3_000);
    expect(acksOf(scene)).toMatchObject([{ state: 'delivered' }, { state: 'rejected', detail: 'no such round' }]);
    expect(scene.problems).toMatchObject([{ code: 'command_failed' }]);
  });

  it('[R13] are rejected when there is no handler', async () => {
    const scene = makeReporter();
    scene.server.commands = [makeCommand()];
    await scene.clock.advance(200);
    expect(acksOf(scene)).toMatchObject([{ state: 'delivered' }, { state: 'rejected', detail: 'not supported' }]);
  });

  it('[R13] of a newer server are rejected without losing the answer', async () => {
    const scene = makeReporter({ onCommand: () => {} });
    scene.server.commands = [{ ...makeCommand(), command: 'resume_run' } as never];
    await scene.clock.advance(200);
    expect(acksOf(scene)).toMatchObject([{ state: 'rejected', command_id: 'c1' }]);
    expect(scene.reporter.stats()).toMatchObject({ acknowledged: 2, queued: 0 });
  });

  it('[R13] survive a lost answer: they come again with the repeated batch', async () => {
    const got: string[] = [];
    const scene = makeReporter({ onCommand: ({ command_id }) => void got.push(command_id) });
    scene.server.commands = [makeCommand()];
    scene.server.failNext('lost answer');
    await scene.clock.advance(1_000);
    expect(got).toEqual(['c1']);
  });
});

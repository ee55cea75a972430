import type { ModelAbout } from '@rondo/reporter';
import { expect, it } from 'vitest';
import { Checkpoints } from './checkpoints.ts';
import { zeroParameters } from './softmax-regression.ts';

function makeCheckpoints() {
  const saved: { version: string; about: ModelAbout | undefined; finish: () => void }[] = [];
  const problems: string[] = [];
  const checkpoints = new Checkpoints({
    run_id: 'run',
    saveModel: (version, _, about) => {
      let finish = () => {};
      const done = new Promise<boolean>((resolve) => {
        finish = () => resolve(true);
      });
      saved.push({ version, about, finish });
      return { version, state: 'waiting', sha256: null, detail: null, done };
    },
    onProblem: (message) => problems.push(message),
  });
  return { checkpoints, saved, problems };
}

it('says of each checkpoint from which it was made', () => {
  const { checkpoints, saved } = makeCheckpoints();
  expect([5, 10].map((round) => checkpoints.save(round, zeroParameters()))).toEqual(['run-round-5', 'run-round-10']);
  expect(saved).toMatchObject([
    { version: 'run-round-5', about: { round: 5, format: 'safetensors' } },
    { version: 'run-round-10', about: { round: 10, parent: 'run-round-5' } },
  ]);
  expect(saved[0]?.about).not.toHaveProperty('parent');
});

it('keeps no more than twenty waiting', async () => {
  const { checkpoints, saved, problems } = makeCheckpoints();
  const versions = Array.from({ length: 25 }, (_, round) => checkpoints.save(round, zeroParameters()));
  expect(versions.filter((version) => version === null)).toHaveLength(5);
  expect([saved.length, problems.length]).toEqual([20, 5]);
  saved[0]?.finish();
  await Promise.resolve();
  await Promise.resolve();
  expect(checkpoints.save(26, zeroParameters())).toBe('run-round-26');
});

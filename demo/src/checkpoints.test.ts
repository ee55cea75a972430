import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { Checkpoints } from './checkpoints.ts';
import { zeroParameters } from './softmax-regression.ts';

/** Answers with the statuses in turn, then with the last. */
async function startStore(...statuses: (number | 'silence')[]) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const status = statuses[Math.min(asked.length, statuses.length) - 1];
    request.resume();
    if (typeof status === 'number') request.on('end', () => response.writeHead(status).end());
  }).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const problems: string[] = [];
  const checkpoints = new Checkpoints({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    apiKey: 'key-1',
    run_id: 'run',
    onProblem: (message) => problems.push(message),
  });
  return { asked, problems, checkpoints };
}

it('tries again when the dashboard cannot take it now', async () => {
  const { asked, problems, checkpoints } = await startStore(503, 201);
  expect(checkpoints.save(3, zeroParameters())).toBe('run-round-3');
  await checkpoints.close(10_000);
  expect([asked.length, problems]).toEqual([2, []]);
});

it('does not try again what is refused', async () => {
  const { asked, problems, checkpoints } = await startStore(409);
  checkpoints.save(3, zeroParameters());
  await checkpoints.close(10_000);
  expect([asked.length, problems]).toEqual([1, ['run-round-3 is not stored: the dashboard answered 409']]);
});

it('never keeps its caller waiting, nor more than twenty checkpoints, nor the end', async () => {
  const { problems, checkpoints } = await startStore('silence');
  const saved = Array.from({ length: 25 }, (_, round) => checkpoints.save(round, zeroParameters()));
  expect(saved.filter((version) => version === null)).toHaveLength(5);
  expect(problems).toHaveLength(5);
  const startedAt = performance.now();
  await checkpoints.close(200);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  expect(problems).toHaveLength(25);
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';

/** Runs a training script in a process of its own against a server that takes requests and may answer them. */
async function runTraining(script: string, answers: boolean, signal?: NodeJS.Signals) {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    request.on('data', (chunk) => bodies.push(String(chunk)));
    const answer = JSON.stringify({ accepted: 0, duplicates: 0, rejected: [], commands: [] });
    request.on('end', () => answers && response.end(answer));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const reporterPath = fileURLToPath(new URL('./index.ts', import.meta.url));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const code = `
    import { createReporter } from ${JSON.stringify(reporterPath)};
    const reporter = createReporter({ name: 'x', url: '${url}', apiKey: 'k-0123456789', commands_supported: ['stop_run'] });
    const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    ${script}`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let markedAt = Number.NaN;
  child.stdout.on('data', () => {
    markedAt = performance.now();
    if (signal) child.kill(signal);
  });
  const [exitCode, endedBy] = await once(child, 'exit');
  return { exitCode, endedBy, tookMs: performance.now() - markedAt, body: bodies.join('') };
}

describe('[R15] the end of the process', () => {
  it('[R15] is not held up by an unanswered request beyond the 2 s of a last flush', async () => {
    const { exitCode, tookMs } = await runTraining(`await pause(300); console.log('done');`, false);
    expect(exitCode).toBe(0);
    expect(tookMs).toBeLessThan(30_000);
  });

  it('[R14] delivers what a program forgot to flush', async () => {
    const { exitCode, body } = await runTraining(`reporter.log('info', 'last words'); console.log('done');`, true);
    expect(exitCode).toBe(0);
    expect(body).toContain('last words');
  });

  it('[R15] is immediate after close, although commands were polled for', async () => {
    const { exitCode, tookMs } = await runTraining(
      `await pause(100); await reporter.close(); console.log('done');`,
      true,
    );
    expect(exitCode).toBe(0);
    expect(tookMs).toBeLessThan(30_000);
  });
});

describe('[R36] SIGTERM', () => {
  const forever = `console.log('ready'); setInterval(() => {}, 1_000);`;

  it('[R36] without another handler is reported, and ends the process as it would have', async () => {
    const { endedBy, body } = await runTraining(forever, true, 'SIGTERM');
    expect(endedBy).toBe('SIGTERM');
    expect(body).toContain('"type":"run_complete"');
    expect(body).toContain('"reason":"SIGTERM"');
  });

  it('[R36] ends the process although the server does not answer', async () => {
    expect(await runTraining(forever, false, 'SIGTERM')).toMatchObject({ endedBy: 'SIGTERM' });
  });

  it.each(['on', 'once'])('[R36] with a handler of the program by %s is left to it', async (how) => {
    const own = `process.${how}('SIGTERM', () => setTimeout(() => process.exit(7), 300));`;
    const { exitCode, endedBy, body } = await runTraining(own + forever, true, 'SIGTERM');
    expect({ exitCode, endedBy }).toEqual({ exitCode: 7, endedBy: null });
    expect(body).not.toContain('SIGTERM');
  });
});

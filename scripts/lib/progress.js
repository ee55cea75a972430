import { spawn } from 'node:child_process';
import { root } from './paths.js';

// npm prints the error first and its usage last; compilers print it last.
const keptLines = 12;
const tickMs = 1_000;

/**
 * Runs a command that says little of use, with one line that shows it is alive. Resolves with the seconds it took; rejects
 * with its first and last lines when it fails.
 */
export function runWithProgress(title, command, args, { cwd = root, env = process.env } = {}) {
  const startedAt = Date.now();
  const seconds = () => Math.round((Date.now() - startedAt) / 1000);
  const line = liveLine(title, seconds);
  return new Promise((done, failed) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk) => {
      output = output + chunk;
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => {
      line.end(false);
      failed(error);
    });
    child.on('close', (code, signal) => {
      line.end(code === 0);
      if (code === 0) return done(seconds());
      failed(new Error(`${shorten(output)}\n\n${title} failed (${signal ?? `exit code ${code}`}).`));
    });
  });
}

function shorten(output) {
  const lines = output.trimEnd().split('\n');
  if (lines.length <= 2 * keptLines) return lines.join('\n');
  return [...lines.slice(0, keptLines), '…', ...lines.slice(-keptLines)].join('\n');
}

function liveLine(title, seconds) {
  if (!process.stdout.isTTY) {
    console.log(`  ${title}…`);
    const timer = setInterval(() => console.log(`  ${title}… ${seconds()} s`), 10 * tickMs);
    return {
      end: (isDone) => {
        clearInterval(timer);
        console.log(`  ${title} ${isDone ? 'done' : 'failed'}, ${seconds()} s`);
      },
    };
  }
  const draw = (mark, tail) => process.stdout.write(`\r\x1b[2K  ${mark} ${title} ${tail}`);
  draw('·', '');
  const timer = setInterval(() => draw('·', `${seconds()} s`), tickMs);
  return {
    end: (isDone) => {
      clearInterval(timer);
      draw(isDone ? '✓' : '✗', `${seconds()} s\n`);
    },
  };
}

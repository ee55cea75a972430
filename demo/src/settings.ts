import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

export interface Settings {
  readonly rounds: number;
  readonly clients: number;
  readonly alpha: number;
  readonly beta: number;
  readonly seed: number;
  readonly algorithm: 'fedavg' | 'fedprox';
  readonly mu: number;
  readonly pace: number;
  readonly saveEvery: number;
}

export const usage = `node demo/src/main.ts [options]
  --rounds N                     100
  --clients N                    50
  --alpha X --beta X             0.5, 0.5: how much the clients' models and inputs differ
  --seed N                       1
  --algorithm fedavg|fedprox     fedavg
  --mu X                         0.1: FedProx's pull to the global model
  --pace X                       1: 2 is twice as fast
  --save-every N                 5: a checkpoint after every so many rounds; 0 is none
  RONDO_URL                      where the dashboard is (http://127.0.0.1:8000)
  RONDO_API_KEY                  else the key in $DATA_DIR/demo.key (./data/demo.key)`;

/** Throws with a message for the user when an argument makes no sense. */
export function parseSettings(args: readonly string[]): Settings {
  const text = (value: string) => ({ type: 'string' as const, default: value });
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: text('100'),
      clients: text('50'),
      alpha: text('0.5'),
      beta: text('0.5'),
      seed: text('1'),
      algorithm: text('fedavg'),
      mu: text('0.1'),
      pace: text('1'),
      'save-every': text('5'),
    },
  });
  const { algorithm } = values;
  if (algorithm !== 'fedavg' && algorithm !== 'fedprox') throw new Error('--algorithm must be fedavg or fedprox');
  return {
    rounds: whole('rounds', values.rounds, 1),
    clients: whole('clients', values.clients, 1),
    alpha: atLeast('alpha', values.alpha, 0),
    beta: atLeast('beta', values.beta, 0),
    seed: whole('seed', values.seed, 0),
    algorithm,
    mu: algorithm === 'fedavg' ? 0 : atLeast('mu', values.mu, 0),
    pace: atLeast('pace', values.pace, 0.01),
    saveEvery: whole('save-every', values['save-every'], 0),
  };
}

/** The key to report with, or `null` when there is none. */
export function findApiKey(env: NodeJS.ProcessEnv): string | null {
  if (env.RONDO_API_KEY) return env.RONDO_API_KEY;
  try {
    return readFileSync(join(env.DATA_DIR ?? './data', 'demo.key'), 'utf8').trim() || null;
  } catch {
    return null; // No such file: the server has not made one.
  }
}

function atLeast(name: string, value: string, least: number): number {
  const number = Number(value);
  if (value.trim() !== '' && Number.isFinite(number) && number >= least) return number;
  throw new Error(`--${name} must be a number from ${least}, not "${value}"`);
}

function whole(name: string, value: string, least: number): number {
  const number = atLeast(name, value, least);
  if (Number.isSafeInteger(number)) return number;
  throw new Error(`--${name} must be a whole number, not "${value}"`);
}

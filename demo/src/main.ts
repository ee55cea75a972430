import { createReporter, type Reporter } from '@rondo/reporter';
import { Checkpoints } from './checkpoints.ts';
import { systemClock } from './clock.ts';
import { Federation, type RoundSummary } from './federation.ts';
import { findApiKey, parseSettings, type Settings, usage } from './settings.ts';
import { parameterCount } from './softmax-regression.ts';
import { makeSynthetic } from './synthetic.ts';

const learningRate = 0.01;
const epochs = 2;
const batchSize = 10;
const shareSelected = 0.6;
const unreachableMs = 10 * 60_000;

const settings = readSettings();
const apiKey = findApiKey(process.env);
if (apiKey === null) {
  fail('There is no API key: set RONDO_API_KEY, or start the server first, which puts one into data/demo.key.');
}
await runDemo(settings, apiKey);

async function runDemo(settings: Settings, apiKey: string): Promise<void> {
  const { rounds, clients, alpha, beta, seed, algorithm, mu, pace, saveEvery } = settings;
  const clientsPerRound = Math.max(1, Math.round(clients * shareSelected));
  const reporter = createReporter({
    apiKey,
    name: `Synthetic(${alpha}, ${beta}), ${algorithm === 'fedavg' ? 'FedAvg' : `FedProx μ=${mu}`}`,
    framework: 'rondo-demo',
    num_rounds: rounds,
    tags: ['demo', algorithm],
    commands_supported: ['stop_round', 'stop_run'],
    config: {
      ...settings,
      dataset: `Synthetic(${alpha}, ${beta}) of FedProx (arXiv 1812.06127)`,
      model: 'softmax regression, 60 features, 10 classes',
      parameters: parameterCount,
      clients_per_round: clientsPerRound,
      local_epochs: epochs,
      batch_size: batchSize,
      learning_rate: learningRate,
      simulated: 'the speed of the clients, their failures, silence and departures; training and evaluation are real',
    },
    onCommand: ({ command, round, reason }) => {
      if (command === 'stop_run') {
        federation.stopRun(reason);
        return;
      }
      const refusal = federation.stopRound(round, reason);
      return refusal === null ? undefined : { state: 'rejected', detail: refusal };
    },
  });
  const checkpoints = new Checkpoints({
    run_id: reporter.run_id,
    saveModel: reporter.saveModel,
    onProblem: (message) => console.error(message),
  });
  const federation = new Federation({
    world: makeSynthetic({ alpha, beta, clients, seed }),
    rounds,
    clientsPerRound,
    local: { epochs, batchSize, learningRate, mu },
    seed,
    pace,
    clock: systemClock,
    report: reporter.report,
    saveModel: (round, parameters) =>
      saveEvery > 0 && round % saveEvery === 0 ? checkpoints.save(round, parameters) : null,
    onRound: (summary) => console.log(lineOf(summary)),
  });

  // `on`, not `once`: npm and the terminal both pass Ctrl-C on, and the second must not cut the goodbye short.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => federation.stopRun(`ended by ${signal}`));
  }
  const watch = watchLink(reporter, () => {
    process.exitCode = 1;
    console.error('The dashboard has not answered for ten minutes; the demo ends.');
    federation.stopRun('the dashboard could not be reached');
  });

  console.log(`demo: run ${reporter.run_id}, ${clients} clients, ${rounds} rounds`);
  await federation.run();
  clearInterval(watch);
  const { acknowledged, dropped, lastError } = await reporter.close();
  console.log(`demo: ended, ${acknowledged} events delivered${dropped > 0 ? `, ${dropped} lost: ${lastError}` : ''}`);
}

function watchLink(reporter: Reporter, onLost: () => void): NodeJS.Timeout {
  let acknowledged = 0;
  let heardMs = Date.now();
  return setInterval(() => {
    const stats = reporter.stats();
    if (stats.acknowledged > acknowledged) heardMs = Date.now();
    acknowledged = stats.acknowledged;
    if (Date.now() - heardMs >= unreachableMs) onLost();
  }, 5_000);
}

function lineOf({ round, loss, accuracy, complete, selected, durationMs, stopReason }: RoundSummary): string {
  const figures = `loss ${loss.toFixed(3)}  accuracy ${(accuracy * 100).toFixed(1)} %`;
  const stopped = stopReason === null ? '' : `  stopped: ${stopReason}`;
  return `round ${String(round).padStart(3)}  ${figures}  ${complete}/${selected} clients  ${(durationMs / 1000).toFixed(1)} s${stopped}`;
}

function readSettings(): Settings {
  try {
    return parseSettings(process.argv.slice(2));
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : error}\n\n${usage}`);
  }
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

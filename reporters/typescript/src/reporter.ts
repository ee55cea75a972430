import { randomUUID } from 'node:crypto';
import type { FactType } from '@rondo/protocol';
import type { Reporter, ReporterStats, Say } from './api.ts';
import { systemClock } from './clock.ts';
import { Commands } from './commands.ts';
import { makeEvent, type QueuedEvent, type ReportedFact } from './event.ts';
import { createHttpPost } from './http-post.ts';
import { createRunId, defaultFlushIntervalMs, defaultUrl, type ReporterOptions } from './options.ts';
import { Problems } from './problems.ts';
import { EventQueue } from './queue.ts';
import { Sender } from './sender.ts';
import { Stamper } from './stamp.ts';
import { clipId } from './storable.ts';
import type { Answer, Verdict } from './verdict.ts';

/** Starts reporting a run: `run_started` is queued at once. Never throws, whatever the server or the options are. [R1] */
export function createReporter(options: ReporterOptions): Reporter {
  const clock = options.clock ?? systemClock;
  const url = options.url ?? process.env.RONDO_URL ?? defaultUrl;
  const apiKey = (options.apiKey ?? process.env.RONDO_API_KEY ?? '').trim();
  const run_id = clipId(String(options.run_id ?? createRunId(String(options.name), clock.now())), 128);
  const problems = new Problems(options.onProblem ?? (({ message }) => console.error(`rondo: ${message}`)), apiKey);
  const queue = new EventQueue({
    maxEvents: options.maxQueuedEvents ?? 100_000,
    maxBytes: options.maxQueuedBytes ?? 64 * 1024 * 1024,
  });
  const stamper = new Stamper(clock.now);
  const counts = { reported: 0, acknowledged: 0, duplicates: 0, rejected: 0, dropped: 0 };
  const untold = { telemetry: 0, facts: 0 };
  let lastError: string | null = null;
  let isRunOver = false;
  let closed: Promise<ReporterStats> | null = null;
  let isClosed = false;

  const sender = new Sender({
    reporter_id: randomUUID(),
    source: queue,
    post: options.post ?? createHttpPost(`${url.replace(/\/+$/, '')}/api/ingest`),
    headers: apiKey === '' ? {} : { authorization: `Bearer ${apiKey}` },
    clock,
    random: options.random ?? Math.random,
    flushIntervalMs: options.flushIntervalMs ?? defaultFlushIntervalMs,
    requestTimeoutMs: options.requestTimeoutMs ?? 10_000,
    isPolling: () => !isRunOver && (options.commands_supported?.length ?? 0) > 0,
    onAnswer,
    onLost: (events, why) => {
      counts.dropped += events.length;
      fail('events_dropped', `${events.length} events were refused by the server: ${why}`);
    },
    onTrouble,
  });

  const commands = new Commands(options.onCommand, report, (error) =>
    fail('command_failed', `onCommand failed: ${error instanceof Error ? error.message : String(error)}`),
  );

  function fail(code: Parameters<Problems['tell']>[0], message: string, key = message): void {
    lastError = problems.withoutSecret(message);
    problems.tell(code, message, key);
  }

  function report(fact: ReportedFact, keep = false): void {
    counts.reported++;
    try {
      if (isClosed) {
        drop('events_dropped', 'something was reported after the reporter was closed');
        return;
      }
      const made = makeEvent(fact, run_id, stamper.stamp(fact));
      if (made.flaw !== null) fail('invalid_event', made.flaw);
      if (made.state === 'invalid') counts.dropped++;
      else enqueue(made.event, keep);
    } catch (error) {
      // The caller's objects can hold anything: getters that throw, revoked proxies. [R1]
      drop('invalid_event', `an event cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  function drop(code: 'invalid_event' | 'events_dropped', message: string): void {
    counts.dropped++;
    fail(code, message);
  }

  function enqueue(event: QueuedEvent, keep: boolean): void {
    if (event.type === 'run_complete') isRunOver = true;
    const { telemetry, facts } = queue.push(event, keep);
    if (telemetry + facts > 0) {
      counts.dropped += telemetry + facts;
      untold.telemetry += telemetry;
      untold.facts += facts;
      fail('events_dropped', 'the queue is full: the oldest events are being dropped', 'full');
    }
    sender.wake();
  }

  function onAnswer(events: readonly QueuedEvent[], answer: Answer): void {
    const rejected = Math.min(answer.rejected.length, events.length);
    counts.rejected += rejected;
    counts.acknowledged += events.length - rejected;
    counts.duplicates += Math.min(answer.duplicates, events.length - rejected);
    for (const { index, detail } of answer.rejected) {
      fail('rejected_event', `the server refused ${events[index]?.type ?? 'an event'}: ${detail}`);
    }
    commands.receive(answer);
    if (untold.telemetry + untold.facts > 0 && !queue.isOverHalf) tellDrops();
  }

  function tellDrops(): void {
    const message = `The reporter's queue was full: ${untold.telemetry} measurements, status and log events and ${untold.facts} facts were dropped`;
    untold.telemetry = 0;
    untold.facts = 0;
    problems.forget('events_dropped', 'full');
    report({ type: 'log', level: 'warning', message }, true);
  }

  function onTrouble(trouble: Exclude<Verdict, { state: 'answered' }> | null): void {
    if (trouble === null) {
      problems.forget('unreachable', url);
      problems.forget('misconfigured', url);
    } else if (trouble.state === 'unanswered') {
      fail('unreachable', `${addressOf(url)} cannot be reached: ${trouble.why}; events are kept and retried`, url);
    } else if (trouble.state === 'misconfigured') {
      fail('misconfigured', `${addressOf(url)}: ${trouble.why}; events are kept and retried every minute`, url);
    }
  }

  function stats(): ReporterStats {
    return { ...counts, queued: isClosed ? 0 : queue.size + sender.unanswered, lastError };
  }

  function close({ timeoutMs = 2_000 } = {}): Promise<ReporterStats> {
    closed ??= sender.close(timeoutMs).then(() => {
      process.off('beforeExit', closeAtExit);
      const left = queue.size + sender.unanswered;
      isClosed = true;
      counts.dropped += left;
      if (left > 0) fail('events_dropped', `${left} events were not acknowledged before the reporter closed`);
      return stats();
    });
    return closed;
  }

  // For a program that forgets to: the last events of a run are the ones that matter most.
  const closeAtExit = () => void close();
  process.once('beforeExit', closeAtExit);

  const say =
    <T extends FactType>(type: T): Say<T> =>
    (fact) => {
      try {
        report({ ...fact, type } as unknown as ReportedFact);
      } catch {
        report({ type } as ReportedFact); // Counts it and says what is missing.
      }
    };

  if (apiKey === '') fail('misconfigured', 'there is no API key; set RONDO_API_KEY or the option apiKey');
  const { name, framework = 'custom', config = {}, num_rounds, tags = [], commands_supported = [] } = options;
  report({
    type: 'run_started',
    name,
    framework,
    config,
    num_rounds,
    tags: [...tags],
    commands_supported: [...commands_supported],
  });

  return {
    run_id,
    report: (fact) => report(fact),
    runComplete: say('run_complete'),
    roundStarted: say('round_started'),
    roundUpdate: say('round_update'),
    roundComplete: say('round_complete'),
    roundFailed: say('round_failed'),
    roundStopped: say('round_stopped'),
    clientJoined: say('client_joined'),
    clientLeft: say('client_left'),
    clientHeartbeat: say('client_heartbeat'),
    clientStatus: say('client_status'),
    clientResult: say('client_result'),
    clientFailed: say('client_failed'),
    clientNoReply: say('client_no_reply'),
    privacySpent: say('privacy_spent'),
    metric: (name, value, where) => say('metric')({ ...where, name, value }),
    log: (level, message, about) => say('log')({ ...about, level, message }),
    stats,
    close,
  };
}

/** Without the password that a URL may carry. [R16] */
function addressOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : 'RONDO_URL (not a valid address)';
}

import { limits } from '@rondo/protocol';
import { Account } from './account.ts';
import { adapt } from './adapt.ts';
import { normalizeAddress } from './address.ts';
import type { Reporter, ReporterStats } from './api.ts';
import { atExit } from './at-exit.ts';
import { systemClock } from './clock.ts';
import { Commands } from './commands.ts';
import { makeEvent, type QueuedEvent, type ReportedFact, typeOf } from './event.ts';
import { createHttp, createHttpPost } from './http.ts';
import type { Work } from './lane.ts';
import { createMasking } from './masking.ts';
import { Uploads } from './models.ts';
import { namedCalls } from './named-calls.ts';
import { createRunId, defaultFlushIntervalMs, defaultUrl, type ReporterOptions } from './options.ts';
import { Outbox } from './outbox.ts';
import { Problems } from './problems.ts';
import { EventQueue } from './queue.ts';
import { maxBatchBytes, maxBatchEvents, Sender } from './sender.ts';
import { findHome } from './spool/home.ts';
import { touchMs } from './spool/lock.ts';
import { Stamper } from './stamp.ts';
import { clipId, clipText } from './storable.ts';
import { Troubles } from './troubles.ts';
import type { Answer } from './verdict.ts';

// Long enough to write many calls at once, short enough that a kill loses little. [R18]
const gatherMs = 20;
// A program that reports without a pause gets its facts encoded in these portions.
const maxDeferred = 2_000;

/** Starts reporting a run: `run_started` is queued at once. Never throws, whatever the server or the options are. [R1] */
export function createReporter(options: ReporterOptions): Reporter {
  const clock = options.clock ?? systemClock;
  const url = options.url ?? (process.env.RONDO_URL?.trim() || defaultUrl);
  const apiKey = (options.apiKey ?? process.env.RONDO_API_KEY ?? '').trim();
  const run_id = clipId(String(options.run_id ?? createRunId(String(options.name), clock.now())), 128);
  const problems = new Problems(options.onProblem ?? (({ message }) => console.error(`rondo: ${message}`)), apiKey);
  const queue = new EventQueue({
    maxEvents: options.maxQueuedEvents ?? 100_000,
    maxBytes: options.maxQueuedBytes ?? 64 * 1024 * 1024,
  });
  const stamper = new Stamper(clock.now);
  const account = new Account(problems);
  const fail: Account['fail'] = (...problem) => account.fail(...problem);
  const troubles = new Troubles(url, fail, problems);
  const masking = createMasking(options, process.env);
  let isRunOver = false;
  let closed: Promise<ReporterStats> | null = null;
  let isClosed = false;
  let leftOnDisk = 0;
  let isGathering = false;
  let deferred: { readonly fact: ReportedFact; readonly atMs: number }[] = [];
  const http = createHttp(url);
  const headers: Record<string, string> = apiKey === '' ? {} : { authorization: `Bearer ${apiKey}` };
  const random = options.random ?? Math.random;
  const home = findHome(options, url, clock.now);

  const outbox = new Outbox({
    run_id,
    queue,
    home,
    clock,
    encodeDeferred,
    maxBatchEvents,
    maxBatchBytes,
    onDiskTrouble: (error) => troubles.ofDisk(error),
    onDropped: (telemetry, facts) => account.noteLostByOutbox(telemetry + facts),
    makeNotice,
  });

  const sender = new Sender({
    outbox,
    post: options.post ?? createHttpPost(http),
    headers,
    clock,
    random,
    flushIntervalMs: options.flushIntervalMs ?? defaultFlushIntervalMs,
    requestTimeoutMs: options.requestTimeoutMs ?? 10_000,
    isPolling: () => !isRunOver && (options.commands_supported?.length ?? 0) > 0,
    onAnswer,
    onLost: ({ batch: { events }, isOwn }, why) => account.noteRefused(events.length, why, isOwn),
    onTrouble: (trouble) => troubles.ofServer(trouble),
  });

  const uploads = new Uploads({ http, headers, run_id, clock, random, report: fail });

  const commands = new Commands(run_id, options.onCommand, report, (error) =>
    fail('command_failed', `onCommand failed: ${error instanceof Error ? error.message : String(error)}`),
  );

  function report(given: ReportedFact, keep = false): void {
    try {
      const { fact, points, problems } = adapt(given);
      for (const [name, reason] of problems) omit(name, reason);
      if (fact.type === 'run_complete') sumUp();
      const at = reportOne(fact, keep);
      for (const point of points) reportOne(at === null ? point : { ...point, at }, keep);
    } catch (error) {
      account.noteReported();
      dropUnreadable(error);
    }
  }

  /** Takes a copy that certainly has a wire form, to be encoded by the next timer. */
  function defer(fact: ReportedFact | null): boolean {
    if (fact === null || isClosed) return false;
    account.noteReported();
    if (deferred.push({ fact, atMs: stamper.stampMs(fact) }) >= maxDeferred) encodeDeferred();
    else gather();
    return true;
  }

  function encodeDeferred(): void {
    if (deferred.length === 0) return;
    const facts = deferred;
    deferred = [];
    for (const { fact, atMs } of facts) {
      try {
        encode(fact, new Date(atMs).toISOString(), false);
      } catch (error) {
        dropUnreadable(error);
      }
    }
  }

  /** Returns the moment that the fact got. */
  function reportOne(fact: ReportedFact, keep: boolean): string | null {
    encodeDeferred();
    account.noteReported();
    try {
      if (isClosed) {
        account.noteDropped('events_dropped', 'something was reported after the reporter was closed');
        return null;
      }
      const at = stamper.stamp(fact);
      encode(fact, at, keep);
      return at;
    } catch (error) {
      dropUnreadable(error);
      return null;
    }
  }

  function encode(fact: ReportedFact, at: string, keep: boolean): void {
    const made = makeEvent(fact, run_id, at, masking);
    if (made.flaw !== null) account.omit(String(fact.type).slice(0, 64), made.flaw);
    if (made.state === 'invalid') {
      account.noteDropped('invalid_event', made.flaw);
      return;
    }
    if (made.flaw !== null) fail('invalid_event', made.flaw);
    enqueue(keep ? { ...made.event, class: 'f' } : made.event);
  }

  /** The caller's objects can hold anything: getters that throw, revoked proxies. [R1] */
  function dropUnreadable(error: unknown): void {
    account.noteDropped(
      'invalid_event',
      `an event cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }

  /** Counts a value that could not be reported; reports the first of a name on stderr and in the run. [R30] */
  function omit(name: string, reason: string): void {
    const said = clipText(String(name), limits.name);
    const why = clipText(String(reason), limits.reason);
    if (!account.omit(said, why)) return;
    const message = `${said} is left out of the report: it ${why}`;
    fail('invalid_event', message);
    reportOne({ type: 'log', level: 'warning', message }, true);
  }

  function sumUp(): void {
    const message = isClosed ? null : account.takeSummary();
    if (message !== null) reportOne({ type: 'log', level: 'warning', message }, true);
  }

  function enqueue(event: QueuedEvent): void {
    if (event.type === 'run_complete') isRunOver = true;
    account.notePushedOut(queue.push(event));
    gather();
    if (outbox.hasFullBatch) sender.wake();
  }

  function gather(): void {
    if (isGathering) return;
    isGathering = true;
    clock.schedule(onGathered, gatherMs);
  }

  function onGathered(): void {
    isGathering = false;
    encodeDeferred();
    outbox.flush();
    sender.wake(gatherMs);
  }

  function onAnswer({ batch: { events }, isOwn }: Work, answer: Answer): void {
    account.noteAnswer(events.length, answer, isOwn);
    for (const { index, detail } of answer.rejected) {
      fail('rejected_event', `the server refused ${typeOf(events[index]?.json)}: ${detail}`);
    }
    commands.receive(answer);
    if (!outbox.isOverHalf) tellDrops();
  }

  function makeNotice(run_id: string, telemetry: number, facts: number): QueuedEvent | null {
    if (telemetry + facts === 0) return null;
    const message = `The reporter's queue was full: ${telemetry} measurements, status and log events and ${facts} facts were dropped`;
    const fact: ReportedFact = { type: 'log', level: 'warning', message };
    const made = makeEvent(fact, run_id, stamper.stamp(fact));
    return made.state === 'valid' ? { ...made.event, class: 'f' } : null;
  }

  function tellDrops(): void {
    const [telemetry, facts] = outbox.dropped;
    const { unannounced } = account;
    const notice = makeNotice(run_id, unannounced.telemetry + telemetry, unannounced.facts + facts);
    if (notice === null) return;
    // The spool announces its own where it counts them, or a kill would announce them twice.
    if (telemetry + facts > 0 && !outbox.tellDrops(notice)) return;
    account.noteAnnounced();
    if (telemetry + facts === 0) enqueue(notice);
  }

  function stats(): ReporterStats {
    encodeDeferred();
    return account.stats(isClosed ? leftOnDisk : outbox.waiting);
  }

  function close({ timeoutMs = 2_000 } = {}): Promise<ReporterStats> {
    if (!closed) {
      encodeDeferred();
      sumUp();
      outbox.flush();
    }
    closed ??= Promise.all([sender.close(timeoutMs), uploads.close(timeoutMs)]).then(finish);
    return closed;
  }

  function stopBy(cause: string): Promise<ReporterStats> {
    if (!isRunOver) report({ type: 'run_complete', status: 'stopped', reason: cause });
    return close();
  }

  function finish(): ReporterStats {
    if (isClosed) return stats();
    encodeDeferred();
    leaveExit();
    stopLooking();
    const { inMemory, onDisk, folder } = outbox.close();
    isClosed = true;
    leftOnDisk = onDisk;
    if (inMemory > 0) {
      account.noteDropped(
        'events_dropped',
        `${inMemory} events were not acknowledged before the reporter closed`,
        inMemory,
      );
    }
    if (folder !== null) {
      fail(
        'unreachable',
        `${onDisk} events are not delivered yet; they are kept in ${folder}, and the next reporter to this server delivers them`,
      );
    }
    return stats();
  }

  // For a program that forgets to: the last events of a run are the ones that matter most.
  const leaveExit = atExit({
    onIdle: () => void close(),
    onExit: () => void finish(),
    onTerminate: () => stopBy('SIGTERM'),
  });
  let stopLooking = () => {};
  if (home !== null) look();

  /** Now and then: our lock says that we live, and others may have ended. [R25, R26] */
  function look(): void {
    stopLooking = clock.schedule(() => {
      outbox.keepLocks();
      sender.lookAround();
      look();
    }, touchMs);
  }

  if (apiKey === '') fail('misconfigured', 'there is no API key; set RONDO_API_KEY or the option apiKey');
  if (normalizeAddress(url) === null) {
    fail('misconfigured', 'RONDO_URL is not an address such as http://127.0.0.1:8000');
  }
  const { name, framework = 'custom', config, num_rounds, tags, commands_supported = [] } = options;
  report({
    type: 'run_started',
    name,
    framework,
    config,
    num_rounds,
    tags: tags && [...tags],
    commands_supported: [...commands_supported],
  });

  return {
    run_id,
    report: (fact) => report(fact),
    ...namedCalls(report, defer),
    leftOut: (name, reason) => {
      try {
        omit(name, reason);
      } catch {
        omit('(unnamed)', 'has a name that cannot be read');
      }
    },
    saveModel: (version, source, about) => uploads.add(version, source, about),
    stats,
    close,
  };
}

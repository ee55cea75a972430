import { describe, expect, it } from 'vitest';
import { backoffMs, retryAfterMs } from './backoff.ts';
import { makeEvent, type ReportedFact } from './event.ts';
import { Stamper } from './stamp.ts';
import { readFixture, revive } from './testing/fixtures.ts';
import { judge } from './verdict.ts';

type MadeCase = { name: string; fact: unknown } & (
  | { is: 'valid'; wire: unknown; has_flaw: boolean }
  | { is: 'invalid' }
);
const events = readFixture<{ run_id: string; at: string; cases: MadeCase[] }>('events');
const stamps = readFixture<{ cases: { name: string; calls: { now_ms: number; fact: ReportedFact; at: string }[] }[] }>(
  'stamps',
);
interface Answered {
  status: number;
  retry_after: string | null;
  text: string;
  verdict: string;
  wait_ms?: number;
  duplicates?: number;
  rejected?: unknown[];
  commands?: string[];
  unknown_commands?: string[];
}
const retry = readFixture<{
  now_ms: number;
  backoff: { attempt: number; random: number; ms: number }[];
  retry_after: { header: string | null; ms: number }[];
  answers: Answered[];
}>('retry');

describe('the fixtures that both reporters agree on', () => {
  it.each(events.cases)('[R3] $name', (made) => {
    const event = makeEvent(revive(made.fact) as ReportedFact, events.run_id, events.at);
    expect(event.state).toBe(made.is);
    if (event.state === 'invalid' || made.is === 'invalid') return;
    expect(JSON.parse(event.event.json)).toEqual(made.wire);
    expect(event.flaw !== null).toBe(made.has_flaw);
  });

  it.each(stamps.cases)('[R2] $name', ({ calls }) => {
    let nowMs = 0;
    const stamper = new Stamper(() => nowMs);
    for (const { now_ms, fact, at } of calls) {
      nowMs = now_ms;
      expect(stamper.stamp(fact)).toBe(at);
    }
  });

  it('[R8] the wait before an attempt', () => {
    for (const { attempt, random, ms } of retry.backoff) expect(backoffMs(attempt, () => random)).toBeCloseTo(ms, 6);
  });

  it.each(retry.retry_after)('[R8] Retry-After: $header', ({ header, ms }) => {
    expect(retryAfterMs(header, retry.now_ms)).toBe(ms);
  });

  it.each(retry.answers)('[R8-R11] $status $text', (answered) => {
    const { status, retry_after, text } = answered;
    const verdict = judge({ status, retryAfter: retry_after, text }, retry.now_ms);
    expect(verdict.state).toBe(answered.verdict);
    if (verdict.state === 'unanswered') expect(verdict.waitMs).toBe(answered.wait_ms);
    if (verdict.state !== 'answered') return;
    const { duplicates, rejected, commands, unknownCommands } = verdict.answer;
    expect({ duplicates, rejected, commands: commands.map(({ command_id }) => command_id), unknownCommands }).toEqual({
      duplicates: answered.duplicates,
      rejected: answered.rejected,
      commands: answered.commands,
      unknownCommands: answered.unknown_commands,
    });
  });
});

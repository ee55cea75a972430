import { describe, expect, it } from 'vitest';
import { conditionOf, type Vitals } from './condition.ts';

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 31, 12, 0, seconds)).toISOString();
const three = [
  [4, 4_000],
  [5, 4_000],
  [6, 4_000],
] as const;
const vitals = (change: Partial<Vitals> = {}): Vitals => ({
  started_at: at(0),
  last_reported_at: at(100),
  condition: null,
  waiting: null,
  pace: { durations: three, open: null },
  ...change,
});
const open = (change = {}) => ({ round: 7, started_at: at(100), deadline: null, ...change });
const paceOf = (change = {}, durations: Vitals['pace']['durations'] = three) => ({ durations, open: open(change) });

describe('the condition of a running run', () => {
  it('[L7] is silent when no batch has arrived for 30 s', () => {
    expect(conditionOf(vitals(), at(130)).state).toBe('healthy');
    expect(conditionOf(vitals(), at(131))).toMatchObject({ state: 'silent', since: at(100) });
  });

  it('[L7] is overdue past the deadline', () => {
    const pace = paceOf({ deadline: at(110) });
    expect(conditionOf(vitals({ pace }), at(110)).state).toBe('healthy');
    expect(conditionOf(vitals({ pace }), at(111))).toMatchObject({ state: 'overdue', since: at(110) });
  });

  it('[L7] is overdue past three times the median round, once three rounds are known', () => {
    expect(conditionOf(vitals({ pace: paceOf() }), at(112)).state).toBe('healthy');
    expect(conditionOf(vitals({ pace: paceOf() }), at(113))).toEqual({
      state: 'overdue',
      since: at(112),
      detail: 'round 7 has taken more than 3 times the median round of 4 s',
    });
    expect(conditionOf(vitals({ pace: paceOf({}, three.slice(1)) }), at(120)).state).toBe('healthy');
  });

  it('[L6] waits for clients until a round begins', () => {
    const waiting = { needed: 3, here: 2, since: at(90) };
    const detail = 'waiting for 3 clients, 2 are here';
    expect(conditionOf(vitals({ waiting }), at(101))).toEqual({
      state: 'waiting_for_clients',
      since: at(90),
      detail,
    });
    expect(conditionOf(vitals({ waiting, pace: paceOf() }), at(101)).state).toBe('healthy');
  });

  it('[L7] silence hides the rest, of which nothing is known then', () => {
    const waiting = { needed: 3, here: 2, since: at(90) };
    expect(conditionOf(vitals({ waiting, pace: paceOf({ deadline: at(101) }) }), at(140)).state).toBe('silent');
  });

  it('[L7] keeps the moment since when it is so', () => {
    const condition = { state: 'healthy', since: at(3), detail: null } as const;
    expect(conditionOf(vitals({ condition }), at(110))).toBe(condition);
  });
});

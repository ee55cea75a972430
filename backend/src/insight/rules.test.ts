import {
  type AttentionItem,
  type AttentionRule,
  attentionRules,
  clientIdSchema,
  type RunCondition,
} from '@rondo/protocol';
import { describe, expect, it } from 'vitest';
import { type Deed, edgeOf, episodeOf, type Figures, foldOf } from '../../testing/federation.ts';
import { applyMutes, itemsOfRun, itemsOfTroubles, type RunFacts } from './attention-list.ts';
import { conditionOf, type Vitals } from './condition.ts';
import type { Episode } from './episodes.ts';
import type { RoundRow } from './rounds.ts';
import { ServerTroubles, shownAfterMs, type TroubleRule } from './troubles.ts';

interface Cases {
  /** With data where it must fire. */
  readonly fires: () => void;
  /** Where it must not. */
  readonly silent: () => void;
  /** On both sides of its bound. */
  readonly edge: () => void;
}

const moment = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + 1_000 * seconds).toISOString();

/** The client that is not honest. */
const it3 = 3;
const does = (rule: AttentionRule, deed: Deed, { rounds = 45, clients = 12 } = {}) =>
  episodeOf(foldOf({ rounds, clients, deeds: { [it3]: deed } }), rule, it3);
const inRound =
  (at: number, figures: (honest: Parameters<Deed>[0]) => ReturnType<Deed>): Deed =>
  (honest, round) =>
    round === at ? figures(honest) : undefined;

/** A value that is unusual for its client: it fires where |z| passes the threshold that the evidence states. */
function unusual(rule: AttentionRule, last: (factor: number) => Deed, gross: number): Cases {
  return {
    fires: () => expect(does(rule, last(gross))).toMatchObject({ since_round: 45, isProvisional: false }),
    silent: () => expect(does(rule, last(0))).toBeUndefined(),
    edge: () => {
      const { below, above, found } = edgeOf((by) => does(rule, last(by)), 0, gross);
      expect(above - below).toBeLessThan(1e-4);
      const { z, threshold } = found.evidence as { z: number; threshold: number };
      expect(Math.abs(z) / threshold).toBeGreaterThan(1);
      expect(Math.abs(z) / threshold).toBeLessThan(1.001);
    },
  };
}

/** A small lasting change: it fires in the round in which the cumulative sum passes its bound. */
function drifting(rule: AttentionRule, from15: (shift: number) => Deed): Cases {
  const after = (rounds: number, shift = 0.25) => does(rule, from15(shift), { rounds });
  return {
    fires: () => expect(after(45)).toBeDefined(),
    silent: () => {
      expect(after(45, 0)).toBeUndefined();
      // All together drift as the model converges.
      const all = Object.fromEntries(Array.from({ length: 12 }, (_, n) => [n, from15(0.25)]));
      expect(episodeOf(foldOf({ rounds: 45, deeds: all }), rule, it3)).toBeUndefined();
    },
    edge: () => {
      const first = Array.from({ length: 30 }, (_, n) => n + 16).find((rounds) => after(rounds)) as number;
      expect(after(first - 1)).toBeUndefined();
      const { cumulative_sum, normal_up_to } = (after(first) as Episode).evidence as Record<string, number>;
      // One round adds two at most.
      expect(cumulative_sum).toBeGreaterThan(normal_up_to as number);
      expect(cumulative_sum).toBeLessThan((normal_up_to as number) + 2);
    },
  };
}

const inLast =
  (figures: (honest: Parameters<Deed>[0], by: number) => Figures) =>
  (by: number): Deed =>
    inRound(45, (honest) => figures(honest, by));
const since15 =
  (figures: (honest: Parameters<Deed>[0], by: number) => Figures) =>
  (by: number): Deed =>
  (honest, round) =>
    round > 15 ? figures(honest, by) : undefined;
const turned = (cosine: number, by: number) => Math.tanh(Math.atanh(cosine) - by);

const inARow = (rule: 'failed_in_a_row' | 'absent_in_a_row', outcome: 'failed' | 'no_reply'): Cases => {
  const from =
    (first: number, last: number): Deed =>
    (_, round) =>
      round >= first && round <= last ? outcome : undefined;
  return {
    fires: () => expect(does(rule, from(3, 6), { rounds: 6 })).toMatchObject({ since_round: 3 }),
    silent: () => {
      expect(does(rule, from(3, 6), { rounds: 7 })).toBeUndefined();
      const everyOther: Deed = (_, round) => (round % 2 === 0 ? outcome : undefined);
      expect(does(rule, everyOther, { rounds: 20 })).toBeUndefined();
    },
    edge: () => {
      expect(does(rule, from(5, 6), { rounds: 6 })).toBeUndefined();
      expect(does(rule, from(4, 6), { rounds: 6 })).toMatchObject({ since_round: 4 });
      // A round in which nothing is known of it neither counts nor ends the row.
      const gap: Deed = (_, round) => (round === 5 ? 'unreported' : outcome);
      expect(does(rule, gap, { rounds: 3 })).toMatchObject({ since_round: 1 });
      expect(
        does(rule, (honest, round) => (round === 1 ? undefined : gap(honest, round)), { rounds: 5 }),
      ).toMatchObject({
        since_round: 2,
      });
    },
  };
};

const facts = (fields: Partial<RunFacts>): RunFacts => ({
  config: {},
  isRunning: true,
  condition: null,
  closed: [],
  epsilon: null,
  ...fields,
});
const itemOf = (rule: AttentionRule, fields: Partial<RunFacts>) =>
  itemsOfRun(facts(fields)).find((item) => item.rule === rule);

const vitals = (change: Partial<Vitals>): Vitals => ({
  started_at: moment(0),
  last_reported_at: moment(100),
  condition: null,
  waiting: null,
  pace: { durations: [], open: null },
  ...change,
});
const ofCondition = (rule: AttentionRule, change: Partial<Vitals>, seconds: number, isRunning = true) => {
  const condition: RunCondition = conditionOf(vitals(change), moment(seconds));
  return itemOf(rule, { condition, isRunning });
};

const round = (number: number, fields: Partial<RoundRow> = {}): RoundRow =>
  ({
    round: number,
    status: 'complete',
    num_clients_expected: 4,
    num_clients_failed: 0,
    num_clients_no_reply: 0,
    completed_at: moment(number),
    reason: null,
    global_loss: 0.5,
    global_accuracy: null,
    ...fields,
  }) as RoundRow;

const epsilonCases = (rule: 'epsilon_near_target' | 'epsilon_over_target', from: number, below: number): Cases => {
  const at = (value: number, config: RunFacts['config'] = { privacy: { target_epsilon: 10 } }) =>
    itemOf(rule, { config, epsilon: { value, round: 7, at: moment(7) } });
  return {
    fires: () => expect(at(from * 1.05)).toMatchObject({ round: 7, since: moment(7) }),
    silent: () => {
      expect(at(from / 2)).toBeUndefined();
      expect(at(from * 1.05, {})).toBeUndefined();
      expect(itemOf(rule, { config: { target_epsilon: 10 } })).toBeUndefined();
    },
    edge: () => {
      expect(at(from)).toMatchObject({ evidence: { epsilon: from, target_epsilon: 10 } });
      expect(at(below)).toBeUndefined();
    },
  };
};

function trouble(rule: TroubleRule): Cases {
  const after = (steps: readonly (readonly [atMs: number, reason: string | null])[]) => {
    let now = 0;
    const troubles = new ServerTroubles({ now: () => now, onChanged: () => {} });
    for (const [atMs, reason] of steps) {
      now = atMs;
      troubles.note(rule, reason);
    }
    return itemsOfTroubles(troubles.list());
  };
  return {
    fires: () =>
      expect(after([[5_000, 'x']])).toMatchObject([{ rule, severity: 'critical', evidence: { is_over: false } }]),
    silent: () => expect(after([[5_000, null]])).toEqual([]),
    edge: () => {
      const ended = [
        [0, 'x'],
        [1_000, null],
      ] as const;
      expect(after([...ended, [1_000 + shownAfterMs - 1, null]])).toMatchObject([{ evidence: { is_over: true } }]);
      expect(after([...ended, [1_000 + shownAfterMs, null]])).toEqual([]);
    },
  };
}

/** The same as the other client's last round, to so many digits. */
const like = (figures: Figures): Figures => ({
  update_norm: 1.234567,
  train_loss: 0.7654321,
  cosine_to_mean: 0.5,
  ...figures,
});
const twins = (figures: Figures) =>
  episodeOf(
    foldOf({ rounds: 2, deeds: { 1: inRound(2, () => like({})), [it3]: inRound(2, () => figures) } }),
    'duplicate_update',
    it3,
  );

const replays = (cosine: number, others = 0.1, clients = 12) => {
  const deeds = Object.fromEntries(
    Array.from({ length: clients }, (_, n) => [n, () => ({ cosine_to_previous: n === it3 ? cosine : others })]),
  );
  return episodeOf(foldOf({ rounds: 2, clients, deeds }), 'replayed_update', it3);
};

const tiny = (share: number) =>
  episodeOf(
    foldOf({
      rounds: 1,
      deeds: Object.fromEntries(
        Array.from({ length: 12 }, (_, n) => [n, () => ({ update_norm: n === it3 ? share : 1 })]),
      ),
    }),
    'free_rider',
    it3,
  );
const quick = (share: number, rounds = 3, figures: Figures = {}) =>
  does('free_rider', ({ duration_ms }) => ({ duration_ms: share * duration_ms, ...figures }), { rounds });

/** Every rule of the list. A rule without its three cases is an error of types, and of the first test. */
const rules: Record<AttentionRule, Cases> = {
  fl_server_silent: {
    fires: () =>
      expect(ofCondition('fl_server_silent', {}, 200)).toMatchObject({ severity: 'critical', since: moment(100) }),
    silent: () => {
      expect(ofCondition('fl_server_silent', {}, 110)).toBeUndefined();
      expect(ofCondition('fl_server_silent', {}, 200, false)).toBeUndefined();
    },
    edge: () => {
      expect(ofCondition('fl_server_silent', {}, 130)).toBeUndefined();
      expect(ofCondition('fl_server_silent', {}, 130.001)).toBeDefined();
    },
  },
  round_overdue: {
    fires: () => {
      const open = { round: 9, started_at: moment(50), deadline: moment(105) };
      expect(ofCondition('round_overdue', { pace: { durations: [], open } }, 106)).toMatchObject({
        since: moment(105),
      });
    },
    silent: () => {
      const open = { round: 9, started_at: moment(50), deadline: null };
      expect(
        ofCondition(
          'round_overdue',
          {
            pace: {
              durations: [
                [1, 1_000],
                [2, 1_000],
              ],
              open,
            },
          },
          110,
        ),
      ).toBeUndefined();
    },
    edge: () => {
      const pace = {
        durations: [
          [1, 4_000],
          [2, 4_000],
          [3, 4_000],
        ] as const,
        open: { round: 4, started_at: moment(100), deadline: null },
      };
      expect(ofCondition('round_overdue', { pace }, 112)).toBeUndefined();
      expect(ofCondition('round_overdue', { pace }, 112.001)).toMatchObject({ since: moment(112) });
    },
  },
  waiting_for_clients: {
    fires: () => {
      const waiting = { needed: 3, here: 1, since: moment(90) };
      expect(ofCondition('waiting_for_clients', { waiting }, 101)).toMatchObject({ since: moment(90) });
    },
    silent: () => expect(ofCondition('waiting_for_clients', {}, 101)).toBeUndefined(),
    edge: () => {
      // It waits although the number is not known; a round that is open says that it waits no more.
      const waiting = { needed: 3, here: null, since: moment(90) };
      const open = { round: 1, started_at: moment(100), deadline: null };
      expect(ofCondition('waiting_for_clients', { waiting }, 101)).toBeDefined();
      expect(ofCondition('waiting_for_clients', { waiting, pace: { durations: [], open } }, 101)).toBeUndefined();
    },
  },
  all_clients_failed: {
    fires: () => {
      const failed = { num_clients_failed: 3, num_clients_no_reply: 1 };
      const closed = [round(1), round(2, failed), round(3, failed)];
      expect(itemOf('all_clients_failed', { closed })).toMatchObject({
        since_round: 2,
        round: 3,
        severity: 'critical',
      });
    },
    silent: () => {
      const closed = [round(1, { num_clients_failed: 4 }), round(2)];
      expect(itemOf('all_clients_failed', { closed })).toBeUndefined();
    },
    edge: () => {
      const but = (fields: Partial<RoundRow>) => itemOf('all_clients_failed', { closed: [round(1, fields)] });
      expect(but({ num_clients_failed: 3 })).toBeUndefined();
      expect(but({ num_clients_failed: 4 })).toBeDefined();
      expect(but({ num_clients_expected: 0 })).toBeUndefined();
      // Clients of which nothing is reported, as under secure aggregation, have not failed.
      expect(but({ num_clients_failed: 3, num_clients_unreported: 1 } as Partial<RoundRow>)).toBeUndefined();
    },
  },
  round_failed: {
    fires: () => {
      const closed = [round(1), round(2, { status: 'failed', reason: 'too few results' })];
      expect(itemOf('round_failed', { closed })).toMatchObject({ round: 2, detail: 'round 2 failed: too few results' });
    },
    silent: () =>
      expect(itemOf('round_failed', { closed: [round(1), round(2, { status: 'stopped' })] })).toBeUndefined(),
    edge: () => {
      const failed = { status: 'failed' } as const;
      expect(itemOf('round_failed', { closed: [round(1, failed), round(2)] })).toBeUndefined();
      expect(itemOf('round_failed', { closed: [round(1), round(2, failed), round(3, failed)] })).toMatchObject({
        since_round: 2,
      });
    },
  },
  result_not_finite: {
    fires: () =>
      expect(itemOf('result_not_finite', { closed: [round(1, { global_loss: 'NaN' })] })).toMatchObject({ round: 1 }),
    silent: () => expect(itemOf('result_not_finite', { closed: [round(1, { global_loss: null })] })).toBeUndefined(),
    edge: () => {
      const after = (rounds: number) =>
        itemOf('result_not_finite', {
          closed: [
            round(1, { global_accuracy: '-Infinity' }),
            ...Array.from({ length: rounds }, (_, n) => round(n + 2)),
          ],
        });
      expect(after(9)).toBeDefined();
      expect(after(10)).toBeUndefined();
      const largest = [round(1, { global_loss: Number.MAX_VALUE })];
      expect(itemOf('result_not_finite', { closed: largest })).toBeUndefined();
    },
  },
  epsilon_near_target: epsilonCases('epsilon_near_target', 8, 7.999_999),
  epsilon_over_target: epsilonCases('epsilon_over_target', 10, 9.999_999),
  server_disk: trouble('server_disk'),
  server_database: trouble('server_database'),
  update_not_finite: {
    fires: () =>
      expect(
        does(
          'update_not_finite',
          inRound(2, () => ({ train_loss: Number.NaN })),
          { rounds: 3 },
        ),
      ).toBeDefined(),
    silent: () => {
      // What is not reported is not NaN.
      const nothing = {
        train_loss: undefined,
        update_norm: undefined,
        cosine_to_mean: undefined,
      } as unknown as Figures;
      expect(does('update_not_finite', () => nothing, { rounds: 3 })).toBeUndefined();
    },
    edge: () => {
      const of = (figures: Figures) =>
        does(
          'update_not_finite',
          inRound(2, () => figures),
          { rounds: 2 },
        );
      expect(of({ update_norm: 3.4e38 })).toBeUndefined();
      expect(of({ update_norm: Number.POSITIVE_INFINITY })).toBeDefined();
      expect(of({ metrics: { auc: 1e308 } })).toBeUndefined();
      expect(of({ metrics: { auc: 'Infinity' } })).toBeDefined();
    },
  },
  zero_update: {
    fires: () =>
      expect(
        does(
          'zero_update',
          inRound(2, () => ({ update_norm: 0 })),
          { rounds: 2 },
        ),
      ).toBeDefined(),
    silent: () => {
      const all = Object.fromEntries(Array.from({ length: 12 }, (_, n) => [n, () => ({ update_norm: 0 })]));
      expect(episodeOf(foldOf({ rounds: 2, deeds: all }), 'zero_update', it3)).toBeUndefined();
    },
    edge: () => {
      // The smallest number that a 32-bit float holds is not zero.
      expect(
        does(
          'zero_update',
          inRound(2, () => ({ update_norm: 1.5e-45 })),
          { rounds: 2 },
        ),
      ).toBeUndefined();
      expect(
        does(
          'zero_update',
          inRound(2, () => ({ update_norm: -0 })),
          { rounds: 2 },
        ),
      ).toBeDefined();
    },
  },
  duplicate_update: {
    fires: () => expect(twins(like({}))).toMatchObject({ evidence: { other_client: 1 } }),
    silent: () => {
      expect(twins(like({ cosine_to_mean: 0.4 }))).toBeUndefined();
      expect(twins({})).toBeUndefined();
    },
    edge: () => {
      expect(twins(like({ update_norm: 1.234572 }))).toBeDefined(); // 1.23457, as 1.234567
      expect(twins(like({ update_norm: 1.234577 }))).toBeUndefined(); // 1.23458
      // Round numbers are no fingerprint.
      const deeds = { 1: () => like({ update_norm: 1.5 }), [it3]: () => like({ update_norm: 1.5 }) };
      expect(episodeOf(foldOf({ rounds: 1, deeds }), 'duplicate_update', it3)).toBeUndefined();
    },
  },
  failed_in_a_row: inARow('failed_in_a_row', 'failed'),
  absent_in_a_row: inARow('absent_in_a_row', 'no_reply'),
  update_norm_unusual: unusual(
    'update_norm_unusual',
    inLast(({ update_norm }, by) => ({ update_norm: update_norm * Math.exp(by) })),
    Math.log(3),
  ),
  train_loss_unusual: unusual(
    'train_loss_unusual',
    inLast(({ train_loss }, by) => ({ train_loss: train_loss * Math.exp(-by) })),
    Math.log(3),
  ),
  cosine_unusual: unusual(
    'cosine_unusual',
    inLast(({ cosine_to_mean }, by) => ({ cosine_to_mean: turned(cosine_to_mean, by) })),
    1.2,
  ),
  update_norm_drift: drifting(
    'update_norm_drift',
    since15(({ update_norm }, by) => ({ update_norm: update_norm * Math.exp(by) })),
  ),
  train_loss_drift: drifting(
    'train_loss_drift',
    since15(({ train_loss }, by) => ({ train_loss: train_loss * Math.exp(-by) })),
  ),
  cosine_drift: drifting(
    'cosine_drift',
    since15(({ cosine_to_mean }, by) => ({ cosine_to_mean: turned(cosine_to_mean, by) })),
  ),
  replayed_update: {
    fires: () => expect(replays(0.999)).toBeDefined(),
    silent: () => expect(replays(0.6)).toBeUndefined(),
    edge: () => {
      const { below, above } = edgeOf((cosine) => replays(cosine), 0.9, 1);
      expect([below, above].map((cosine) => cosine.toFixed(5))).toEqual(['0.95000', '0.95000']);
      // Where the others' updates point there as well, the model still moves that way.
      expect(replays(0.999, 0.5)).toBeUndefined();
      expect(replays(0.999, 0.499)).toBeDefined();
    },
  },
  free_rider: {
    fires: () => {
      expect(tiny(1e-9)).toMatchObject({ evidence: { test: 'tiny_update' } });
      expect(quick(0.02)).toMatchObject({ evidence: { test: 'too_fast' }, since_round: 1 });
      const again = does('free_rider', () => like({}), { rounds: 2 });
      expect(again).toMatchObject({ evidence: { test: 'repeated_figures', earlier_round: 1 } });
    },
    silent: () => {
      expect(does('free_rider', () => undefined)).toBeUndefined();
      // Who computes on a tenth of the bytes may be faster.
      expect(quick(0.02, 3, { bytes_up: 100 })).toBeUndefined();
    },
    edge: () => {
      expect(tiny(1.01e-8)).toBeUndefined();
      expect(tiny(0.99e-8)).toBeDefined();
      expect([quick(0.02, 2), quick(0.02, 3)?.since_round]).toEqual([undefined, 1]);
      const { found } = edgeOf((less) => quick(1 / less), 1, 50);
      const { share_of_median, normal_from } = found.evidence as Record<string, number>;
      expect((share_of_median as number) / (normal_from as number)).toBeLessThanOrEqual(1);
      const repeats = (second: Figures) => does('free_rider', (_, at) => (at === 1 ? like({}) : second), { rounds: 2 });
      expect(repeats(like({ update_norm: 1.234572 }))).toBeDefined();
      expect(repeats(like({ update_norm: 1.234577 }))).toBeUndefined();
    },
  },
  straggler: {
    fires: () =>
      expect(does('straggler', ({ duration_ms }) => ({ duration_ms: 3 * duration_ms }), { rounds: 12 })).toBeDefined(),
    silent: () => {
      expect(does('straggler', () => undefined, { rounds: 12 })).toBeUndefined();
      // One slow round is not a slow client.
      expect(
        does(
          'straggler',
          inRound(12, () => ({ duration_ms: 90_000 })),
          { rounds: 12 },
        ),
      ).toBeUndefined();
    },
    edge: () => {
      const { found } = edgeOf(
        (by) => does('straggler', ({ duration_ms }) => ({ duration_ms: by * duration_ms }), { rounds: 12 }),
        1,
        3,
      );
      const { ratio, normal_up_to } = found.evidence as Record<string, number>;
      expect((ratio as number) / (normal_up_to as number)).toBeGreaterThan(1);
      expect((ratio as number) / (normal_up_to as number)).toBeLessThan(1.001);
    },
  },
};

it('[G4] every rule of the list has a test where it fires, one where it does not, and one at its edge', () => {
  expect(Object.keys(rules).sort()).toEqual([...attentionRules].sort());
  for (const cases of Object.values(rules)) expect(Object.keys(cases)).toEqual(['fires', 'silent', 'edge']);
});

describe.each(Object.entries(rules))('[G4] %s', (_rule, { fires, silent, edge }) => {
  it('is in the list where it must be', fires);
  it('is not where it must not be', silent);
  it('begins at its bound', edge);
});

it('[G4] what half of the clients have is one item, and the others keep theirs', () => {
  const itemsOf = (n: number) =>
    Array.from({ length: n }, (_, at): AttentionItem => {
      const client_id = clientIdSchema.parse(`c${at}`);
      return {
        rule: 'update_not_finite',
        severity: 'warning',
        client_id,
        round: 7,
        since_round: 7,
        detail: 'x',
        evidence: {},
      };
    });
  const list = (n: number, clients: number) => applyMutes(itemsOf(n), [], clients).items;
  expect(list(5, 11)).toHaveLength(5);
  expect(list(6, 11)).toMatchObject([{ rule: 'update_not_finite', client_ids: expect.any(Array), since_round: 7 }]);
  expect(list(6, 11)[0]?.client_ids).toHaveLength(6);
  expect(list(3, 4)).toHaveLength(3);
});

import type { AttentionEpisode, AttentionItem, AttentionRule } from '@rondo/protocol';
import { severityOfSign } from './severity.ts';

type Evidence = AttentionItem['evidence'];

/** A time in which a rule holds of a client, or of the run: `client` −1. */
export interface Episode {
  readonly rule: AttentionRule;
  readonly client: number;
  readonly since_round: number;
  readonly since: string | null;
  readonly last_round: number;
  /** The number of closed rounds at its last sign. */
  readonly last_at: number;
  readonly count: number;
  readonly detail: string;
  readonly evidence: Evidence;
  readonly isProvisional: boolean;
  /** How it read when it began, and at each change of its severity. */
  readonly steps: AttentionEpisode['steps'];
}

export interface Sign {
  readonly rule: AttentionRule;
  readonly client: number;
  readonly detail: string;
  readonly evidence: Evidence;
  /** Where the episode began before this sign, as a count of failures does. */
  readonly since_round?: number;
  readonly since?: string | null;
  readonly isProvisional?: boolean;
}

export interface PastEpisode {
  readonly rule: AttentionRule;
  readonly client: number;
  readonly from_round: number;
  readonly to_round: number | null;
  readonly steps: AttentionEpisode['steps'];
  /** The round whose end took it off the list. */
  readonly closed_round: number;
}

/** Rounds after its last sign that an episode stays in the list. */
export const lingersRounds = 10;
/** Past episodes of one run that a replay and a timeline name. */
export const maxPast = 10_000;

/** Which episodes are open, and which there were. */
export class Episodes {
  readonly #open = new Map<string, Episode>();
  readonly #past: PastEpisode[] = [];
  #closedRounds = 0;

  *open(): Iterable<Episode> {
    yield* this.#open.values();
  }

  get past(): readonly PastEpisode[] {
    return this.#past;
  }

  has(rule: AttentionRule, client: number): boolean {
    return this.#open.has(`${rule} ${client}`);
  }

  /** A round has ended: its signs open or continue episodes, and episodes without a sign for ten rounds end. */
  closeRound(round: number, at: string | null, signs: readonly Sign[]): void {
    this.#closedRounds += 1;
    for (const sign of signs) {
      const key = `${sign.rule} ${sign.client}`;
      const known = this.#open.get(key);
      const isProvisional = (known?.isProvisional ?? true) && (sign.isProvisional ?? false);
      const severity = severityOfSign({ ...sign, isProvisional });
      const steps = known?.steps ?? [];
      const isStep = steps.at(-1)?.severity !== severity;
      this.#open.set(key, {
        rule: sign.rule,
        client: sign.client,
        since_round: known?.since_round ?? sign.since_round ?? round,
        since: known?.since ?? (sign.since === undefined ? at : sign.since),
        last_round: round,
        last_at: this.#closedRounds,
        count: (known?.count ?? 0) + 1,
        detail: sign.detail,
        evidence: sign.evidence,
        isProvisional,
        steps: isStep ? [...steps, { round, severity, detail: sign.detail }] : steps,
      });
    }
    for (const [key, episode] of this.#open) {
      if (this.#closedRounds - episode.last_at >= lingersRounds) this.#end(key, episode, round);
    }
  }

  /** Ends at once what no longer holds after a round, for example consecutive failures after a result. */
  end(rule: AttentionRule, client: number, round: number): void {
    const key = `${rule} ${client}`;
    const episode = this.#open.get(key);
    if (episode) this.#end(key, episode, round);
  }

  #end(key: string, { rule, client, since_round, last_round, steps }: Episode, closed_round: number): void {
    this.#open.delete(key);
    if (this.#past.length >= maxPast) return;
    this.#past.push({ rule, client, from_round: since_round, to_round: last_round, steps, closed_round });
  }
}

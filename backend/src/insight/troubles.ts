import type { AttentionItem } from '@rondo/protocol';

/** A trouble of the server itself, for the attention lists of its running runs. */
export interface Trouble {
  readonly rule: TroubleRule;
  readonly since: string;
  readonly detail: string;
  readonly evidence: AttentionItem['evidence'];
}

export const troubleRules = ['server_disk', 'server_database'] as const;
export type TroubleRule = (typeof troubleRules)[number];

/** Without room or database no alert can be stored, so a trouble that is over is shown for some time. */
export const shownAfterMs = 10 * 60_000;

interface Spell {
  readonly sinceMs: number;
  reason: string;
  untilMs: number | null;
}

const texts: Readonly<Record<TroubleRule, { readonly now: string; readonly was: string }>> = {
  server_disk: { now: 'the server refuses reports', was: 'the server refused reports' },
  server_database: { now: 'the server cannot store reports', was: 'the server could not store reports' },
};

/** Whether the disk and the database serve, and since when they do not. [G15] */
export class ServerTroubles {
  readonly #spells = new Map<TroubleRule, Spell>();
  readonly #now: () => number;
  readonly #onChanged: () => void;

  constructor({ now = Date.now, onChanged }: { readonly now?: () => number; readonly onChanged: () => void }) {
    this.#now = now;
    this.#onChanged = onChanged;
  }

  /** What was seen just now: the reason of the trouble, or null while there is none. */
  note(rule: TroubleRule, reason: string | null): void {
    const known = this.#spells.get(rule);
    const isOpen = known !== undefined && known.untilMs === null;
    if (reason !== null && isOpen) known.reason = reason;
    else if (reason !== null) this.#spells.set(rule, { sinceMs: this.#now(), reason, untilMs: null });
    else if (isOpen) known.untilMs = this.#now();
    else if (known?.untilMs && this.#now() - known.untilMs >= shownAfterMs) this.#spells.delete(rule);
    else return;
    if (reason === null || !isOpen) this.#onChanged();
  }

  /** True while it lasts. */
  has(rule: TroubleRule): boolean {
    return this.#spells.get(rule)?.untilMs === null;
  }

  list(): Trouble[] {
    return [...this.#spells].map(([rule, { sinceMs, reason, untilMs }]) => ({
      rule,
      since: new Date(sinceMs).toISOString(),
      detail:
        untilMs === null
          ? `${texts[rule].now}: ${reason}`
          : `${texts[rule].was} for ${secondsOf(untilMs - sinceMs)}, until ${new Date(untilMs).toISOString()}: ${reason}`,
      evidence: { reason, is_over: untilMs !== null, ...(untilMs !== null && { lasted_ms: untilMs - sinceMs }) },
    }));
  }
}

const secondsOf = (ms: number): string =>
  ms < 120_000 ? `${Math.ceil(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`;

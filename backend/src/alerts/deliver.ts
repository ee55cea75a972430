import { randomUUID } from 'node:crypto';
import type { AlertChannelKind, AlertNotice, ProjectId } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { alertsOfDelivery, type Claimed, claimDeliveries, finishDelivery } from '../db/queries/alert-outbox.ts';
import { findAlertChannel } from '../db/queries/alert-settings.ts';
import type { Network } from './addresses.ts';
import type { Mailer } from './email.ts';
import { Failure } from './failure.ts';
import { type AlertMessage, alertsPerMessage, jsonBody, mailOf, noticeOf, signatureOf, slackBody } from './message.ts';
import { nextTry } from './schedule.ts';
import { type ChannelRow, noEmail, unreadable, type WebhookSecrets } from './settings.ts';
import { postWebhook } from './webhook.ts';

export type DeliveryResult = 'sent' | 'retried' | 'given_up' | 'cancelled';

export interface DeliverDeps {
  readonly db: Db;
  readonly now: () => number;
  readonly random: () => number;
  readonly allowed: readonly Network[];
  readonly mailer: Mailer | undefined;
  readonly publicUrl: string | undefined;
  readonly version: string;
  readonly secretsOf: (channel: ChannelRow) => WebhookSecrets | undefined;
  /** Shows it on the open pages of the project, of this server and the others. */
  readonly show: (notice: AlertNotice) => Promise<void>;
  readonly count: (kind: AlertChannelKind, result: DeliveryResult) => void;
  readonly countDuplicate: () => void;
  readonly onError: (error: unknown) => void;
}

/** Longer than any attempt takes, so that a server that lives keeps what it has. */
export const leaseMs = 60_000;
const concurrently = 8;
/** A server that stops waits so long for answers. */
const stopWithinMs = 2_000;

/**
 * Sends what waits in the outbox:
 *
 *   collecting ──due──▶ sending ──taken──▶ sent
 *                        │  ▲ └──refused for good, or a day over──▶ given_up
 *                 failed ▼  │ due, or the lease of a server that died has ended
 *                       retrying
 *
 * A message is sent at least once. [E7]
 */
export function createDeliverer(deps: DeliverDeps) {
  const { db, now, random } = deps;
  const stopping = new AbortController();
  const underWay = new Set<Promise<void>>();
  const moment = (ms: number) => new Date(ms).toISOString();

  async function attempt(claimed: Claimed, lease: string): Promise<void> {
    const { id, channel_id, attempts, is_repeated } = claimed;
    const channel = channel_id === null ? undefined : await findAlertChannel(db, channel_id, null);
    if (is_repeated) deps.countDuplicate();
    const { items, total } = await alertsOfDelivery(db, id, alertsPerMessage);
    const isPointless = !channel ? 'the channel was deleted' : !channel.enabled ? 'the channel is off' : undefined;
    const why = isPointless ?? (total === 0 ? 'its runs were deleted or moved to another project' : undefined);
    if (!channel || why !== undefined) {
      await finishDelivery(db, id, lease, { state: 'cancelled', error: why ?? '' });
      return;
    }
    const message: AlertMessage = {
      delivery_id: id,
      attempt: attempts,
      may_be_repeated: claimed.duplicates > 0,
      is_test: false,
      project_id: claimed.project_id,
      rule: claimed.rule_id === null ? null : { id: claimed.rule_id, name: items[0]?.rule_name ?? '' },
      alerts: items,
      num_alerts: total,
      sent_at: moment(now()),
      publicUrl: deps.publicUrl,
    };
    try {
      await send(channel, message);
      await finishDelivery(db, id, lease, { state: 'sent', at: moment(now()) });
      deps.count(channel.kind, 'sent');
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      await noteFailure(claimed, lease, channel.kind, error);
    }
  }

  async function noteFailure(claimed: Claimed, lease: string, kind: AlertChannelKind, failure: Failure): Promise<void> {
    const { id, attempts } = claimed;
    const firstTriedAt = Date.parse(claimed.first_tried_at);
    // The receiver had no chance to respond to a server that stops; the next server continues at once.
    const at = stopping.signal.aborted
      ? now()
      : nextTry({ now: now(), firstTriedAt, attempts, random: random() }, failure);
    const { message: error, mayHaveArrived } = failure;
    if (at === undefined) await finishDelivery(db, id, lease, { state: 'given_up', error });
    else await finishDelivery(db, id, lease, { state: 'retrying', next_at: moment(at), error, mayHaveArrived });
    if (at !== undefined && mayHaveArrived) deps.countDuplicate();
    deps.count(kind, at === undefined ? 'given_up' : 'retried');
  }

  /** One attempt. Throws `Failure`. */
  async function send(channel: ChannelRow, message: AlertMessage): Promise<string> {
    switch (channel.kind) {
      case 'webhook':
        return sendWebhook(channel, message);
      case 'email': {
        if (!deps.mailer) throw new Failure(noEmail);
        return deps.mailer.send((channel.target as { to: string[] }).to, mailOf(message));
      }
      case 'browser':
        await deps.show(noticeOf(message));
        return 'sent to the open pages of the project';
      default:
        return channel.kind satisfies never;
    }
  }

  async function sendWebhook(channel: ChannelRow, message: AlertMessage): Promise<string> {
    const secrets = deps.secretsOf(channel);
    if (!secrets) throw new Failure(unreadable);
    const { format } = channel.target as { format: 'json' | 'slack' };
    const body = format === 'slack' ? slackBody(message) : jsonBody(message);
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'user-agent': `Rondo/${deps.version}`,
      'x-rondo-delivery': message.delivery_id,
      'x-rondo-attempt': String(message.attempt),
      ...(secrets.secret !== null && {
        'x-rondo-signature': signatureOf(secrets.secret, Math.floor(now() / 1_000), body),
      }),
    };
    return postWebhook({ url: secrets.url, body, headers, allowed: deps.allowed, signal: stopping.signal });
  }

  /** Takes what is due and begins to send it; says how much it took. */
  async function begin(): Promise<number> {
    const room = concurrently - underWay.size;
    if (stopping.signal.aborted || room <= 0) return 0;
    const lease = randomUUID();
    const at = now();
    const taken = await claimDeliveries(db, { now: moment(at), lease, leaseUntil: moment(at + leaseMs), limit: room });
    for (const claimed of taken) {
      const work = attempt(claimed, lease)
        // The lease ends, and another attempt follows.
        .catch(deps.onError)
        .finally(() => underWay.delete(work));
      underWay.add(work);
    }
    return taken.length;
  }

  return {
    begin,

    /** Sends everything that is due, and resolves when it was answered. */
    async settle(): Promise<void> {
      while ((await begin()) > 0 || underWay.size > 0) await Promise.all(underWay);
    },

    /** One message to a channel, at once and only once. */
    async test(channel: ChannelRow, project_id: ProjectId): Promise<{ delivered: boolean; detail: string }> {
      const message: AlertMessage = {
        delivery_id: randomUUID(),
        attempt: 1,
        may_be_repeated: false,
        is_test: true,
        project_id,
        rule: null,
        alerts: [],
        num_alerts: 0,
        sent_at: moment(now()),
        publicUrl: deps.publicUrl,
      };
      try {
        return { delivered: true, detail: await send(channel, message) };
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        return { delivered: false, detail: error.message };
      }
    },

    /** Takes nothing more. What is not answered soon is left to another server. */
    async stop(): Promise<void> {
      const timer = setTimeout(() => stopping.abort(), stopWithinMs);
      await Promise.all(underWay);
      clearTimeout(timer);
      stopping.abort();
    },
  };
}

import { randomUUID } from 'node:crypto';
import {
  type AlertChannel,
  type AlertRule,
  type alertChannelEditSchema,
  type alertRuleEditSchema,
  limits,
  type newAlertChannelSchema,
  type newAlertRuleSchema,
  type ProjectId,
} from '@rondo/protocol';
import type { z } from 'zod';
import { type AuditedRequest, recordAudit } from '../auth/audit.ts';
import type { Db } from '../db/db.ts';
import {
  channelsOfProject,
  countAlertChannels,
  countAlertRules,
  deleteAlertChannel,
  deleteAlertRule,
  findAlertChannel,
  findAlertRule,
  insertAlertChannel,
  insertAlertRule,
  type LastDelivery,
  lastDeliveries,
  listAlertChannels,
  listAlertRules,
  type RuleWithChannels,
  setRuleChannels,
  updateAlertChannel,
  updateAlertRule,
} from '../db/queries/alert-settings.ts';
import type { Page } from '../db/queries/page.ts';
import { lockProject, type Visible } from '../db/queries/projects.ts';
import type { alertChannels, ChannelTarget } from '../db/tables/alerts.ts';
import { Conflict, Invalid, NotFound } from '../errors.ts';
import type { Sealer } from './seal.ts';

export type ChannelRow = typeof alertChannels.$inferSelect;

/** What a webhook channel keeps to itself. */
export interface WebhookSecrets {
  readonly url: string;
  readonly secret: string | null;
}

interface Deps {
  readonly db: Db;
  readonly sealer: Sealer;
  readonly canSendEmail: boolean;
  readonly now: () => number;
  /** Rules of this project change with this transaction: the other servers have to know. */
  readonly announce: (tx: Db, project: ProjectId) => Promise<void>;
  /** They have changed. */
  readonly onChanged: (project: ProjectId) => void;
}

type SettingsPage = Page & { readonly visible: Visible; readonly project?: ProjectId | undefined };

/** Alert rules and channels. The caller has checked that the request manages the project. */
export function createAlertSettings({ db, sealer, canSendEmail, now, announce, onChanged }: Deps) {
  const moment = () => new Date(now()).toISOString();

  async function checkChannels(tx: Db, project: ProjectId, ids: readonly string[]): Promise<void> {
    const known = new Set((await channelsOfProject(tx, project, ids)).map(({ id }) => id));
    const unknown = ids.filter((id) => !known.has(id));
    if (unknown.length > 0)
      throw new Invalid([{ path: 'channel_ids', message: `project ${project} has no channel ${unknown.join(', ')}` }]);
  }

  return {
    async listRules(page: SettingsPage) {
      const { items, total } = await listAlertRules(db, page);
      return { items: items.map(toRule), total };
    },

    async createRule(by: AuditedRequest, wish: z.output<typeof newAlertRuleSchema>): Promise<AlertRule> {
      const { when, channel_ids, project_id, ...rest } = wish;
      const row = {
        id: randomUUID(),
        project_id,
        ...rest,
        condition: when,
        created_at: moment(),
        created_by: by.principal?.username ?? null,
      };
      const channels = [...new Set(channel_ids)].sort();
      await db.transaction(async (tx) => {
        await bounded(tx, project_id, countAlertRules, limits.alertRules, 'alert rules');
        await checkChannels(tx, project_id, channels);
        await insertAlertRule(tx, row);
        await setRuleChannels(tx, row.id, channels);
        await record(tx, by, 'alert_rule.create', row, { name: row.name, when });
        await announce(tx, project_id);
      });
      onChanged(project_id);
      return toRule({ ...row, channel_ids: channels });
    },

    async editRule(
      by: AuditedRequest,
      id: string,
      edit: z.output<typeof alertRuleEditSchema>,
      managed: Visible,
    ): Promise<AlertRule> {
      const rule = await db.transaction(async (tx) => {
        const before = await findAlertRule(tx, id, managed);
        if (!before) throw new NotFound(`there is no alert rule ${id}`);
        const { when, channel_ids, ...rest } = edit;
        const isNewlyActive = when !== undefined || (edit.enabled === true && !before.enabled);
        const changes = { ...rest, ...(when && { condition: when }) };
        if (channel_ids) {
          const wanted = [...new Set(channel_ids)];
          await checkChannels(tx, before.project_id, wanted);
          await setRuleChannels(tx, id, wanted);
        }
        await updateAlertRule(tx, id, changes, { isNewlyActive });
        await record(tx, by, 'alert_rule.update', before, { ...changes, ...(channel_ids && { channel_ids }) });
        await announce(tx, before.project_id);
        return {
          ...before,
          ...changes,
          channel_ids: channel_ids ? [...new Set(channel_ids)].sort() : before.channel_ids,
        };
      });
      onChanged(rule.project_id);
      return toRule(rule);
    },

    async deleteRule(by: AuditedRequest, id: string, managed: Visible): Promise<void> {
      const rule = await db.transaction(async (tx) => {
        const found = await findAlertRule(tx, id, managed);
        if (!found) throw new NotFound(`there is no alert rule ${id}`);
        await deleteAlertRule(tx, id);
        await record(tx, by, 'alert_rule.delete', found, { name: found.name });
        await announce(tx, found.project_id);
        return found;
      });
      onChanged(rule.project_id);
    },

    async listChannels(page: SettingsPage) {
      const { items, total } = await listAlertChannels(db, page);
      const last = await lastDeliveries(
        db,
        items.map(({ id }) => id),
      );
      return { items: items.map((row) => toChannel(row, last.get(row.id))), total };
    },

    async createChannel(by: AuditedRequest, wish: z.output<typeof newAlertChannelSchema>): Promise<AlertChannel> {
      const { project_id, name, enabled, quiet_hours, kind } = wish;
      if (kind === 'email' && !canSendEmail) throw new Conflict(noEmail);
      const secrets = kind === 'webhook' ? { url: wish.url, secret: wish.secret } : undefined;
      const target: ChannelTarget =
        kind === 'webhook' ? targetOf(wish.url, wish.secret, wish.format) : kind === 'email' ? { to: wish.to } : {};
      const row: ChannelRow = {
        id: randomUUID(),
        project_id,
        name,
        kind,
        enabled,
        quiet_hours,
        target,
        sealed: secrets ? sealer.seal(JSON.stringify(secrets)) : null,
        created_at: moment(),
        created_by: by.principal?.username ?? null,
      };
      await db.transaction(async (tx) => {
        await bounded(tx, project_id, countAlertChannels, limits.alertChannels, 'alert channels');
        await insertAlertChannel(tx, row);
        await record(tx, by, 'alert_channel.create', row, { name, kind, ...target });
      });
      return toChannel(row, undefined);
    },

    async editChannel(
      by: AuditedRequest,
      id: string,
      edit: z.output<typeof alertChannelEditSchema>,
      managed: Visible,
    ): Promise<AlertChannel> {
      const channel = await db.transaction(async (tx) => {
        const before = await findAlertChannel(tx, id, managed);
        if (!before) throw new NotFound(`there is no alert channel ${id}`);
        refuseOtherKinds(before, edit);
        const { name = before.name, enabled = before.enabled, quiet_hours = before.quiet_hours } = edit;
        const changes = { name, enabled, quiet_hours, ...changedTarget(before, edit) };
        await updateAlertChannel(tx, id, changes);
        const { url: _url, secret, ...detail } = edit;
        const changed = changes.target ?? {};
        await record(tx, by, 'alert_channel.update', before, {
          ...detail,
          ...changed,
          ...(secret !== undefined && { secret: secret === null ? 'removed' : 'changed' }),
        });
        return { ...before, ...changes };
      });
      const last = await lastDeliveries(db, [id]);
      return toChannel(channel, last.get(id));
    },

    async deleteChannel(by: AuditedRequest, id: string, managed: Visible): Promise<void> {
      await db.transaction(async (tx) => {
        const found = await findAlertChannel(tx, id, managed);
        if (!found) throw new NotFound(`there is no alert channel ${id}`);
        await deleteAlertChannel(tx, id);
        await record(tx, by, 'alert_channel.delete', found, { name: found.name, kind: found.kind });
      });
    },

    /** For a test of it, which is recorded whether or not it succeeds. */
    async channelForTest(by: AuditedRequest, id: string, managed: Visible): Promise<ChannelRow> {
      const found = await findAlertChannel(db, id, managed);
      if (!found) throw new NotFound(`there is no alert channel ${id}`);
      await record(db, by, 'alert_channel.test', found, { name: found.name, kind: found.kind });
      return found;
    },

    secretsOf: (channel: Pick<ChannelRow, 'sealed'>): WebhookSecrets | undefined => {
      const text = channel.sealed === null ? undefined : sealer.open(channel.sealed);
      return text === undefined ? undefined : JSON.parse(text);
    },
  };

  function changedTarget(
    before: ChannelRow,
    edit: z.output<typeof alertChannelEditSchema>,
  ): Partial<Pick<ChannelRow, 'target' | 'sealed'>> {
    if (before.kind === 'email') return edit.to ? { target: { to: edit.to }, sealed: null } : {};
    if (before.kind !== 'webhook') return {};
    const { url, secret, format } = edit;
    if (url === undefined && secret === undefined && format === undefined) return {};
    const opened = before.sealed === null ? undefined : sealer.open(before.sealed);
    const known: WebhookSecrets | undefined = opened === undefined ? undefined : JSON.parse(opened);
    if (url === undefined && !known) throw new Invalid([{ path: 'url', message: unreadable }]);
    const next = { url: url ?? known?.url ?? '', secret: secret === undefined ? (known?.secret ?? null) : secret };
    const shown = before.target as { format: 'json' | 'slack' };
    return {
      target: targetOf(next.url, next.secret, format ?? shown.format),
      sealed: sealer.seal(JSON.stringify(next)),
    };
  }

  async function record(
    tx: Db,
    by: AuditedRequest,
    action: `alert_${'rule' | 'channel'}.${'create' | 'update' | 'delete'}` | 'alert_channel.test',
    { id, project_id }: { readonly id: string; readonly project_id: ProjectId },
    detail: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const target_type = action.startsWith('alert_rule') ? 'alert_rule' : 'alert_channel';
    await recordAudit(tx, by, { action, target_type, target: id, detail, project_id }, now);
  }
}

export const noEmail = 'this server sends no e-mail: its operator has to set SMTP_HOST and SMTP_FROM';
export const unreadable = 'the stored address cannot be read, because SECRET_KEY has changed: enter it again';

/** Two requests at once may not both take the last place. */
async function bounded(
  tx: Db,
  project: ProjectId,
  count: (tx: Db, project: ProjectId) => Promise<number>,
  most: number,
  what: string,
): Promise<void> {
  await lockProject(tx, project);
  if ((await count(tx, project)) >= most)
    throw new Conflict(`project ${project} has ${most} ${what} already; delete one first`);
}

const targetOf = (url: string, secret: string | null, format: 'json' | 'slack'): ChannelTarget => ({
  origin: new URL(url).origin,
  format,
  has_secret: secret !== null,
});

function refuseOtherKinds({ kind }: ChannelRow, edit: z.output<typeof alertChannelEditSchema>): void {
  const foreign = { webhook: ['to'], email: ['url', 'secret', 'format'], browser: ['to', 'url', 'secret', 'format'] };
  const wrong = foreign[kind].filter((name) => edit[name as keyof typeof edit] !== undefined);
  if (wrong.length > 0)
    throw new Invalid(wrong.map((path) => ({ path, message: `is not a field of a channel of kind ${kind}` })));
}

function toRule({
  condition,
  active_from: _,
  ...rule
}: Omit<RuleWithChannels, 'active_from'> & { active_from?: string }): AlertRule {
  return { ...rule, when: condition };
}

function toChannel({ target, sealed: _, ...row }: ChannelRow, last: LastDelivery | undefined): AlertChannel {
  return { ...row, ...target, last_delivery: last ?? null } as AlertChannel;
}

import type { AlertNotice, ProjectId, RunId } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { deleteOldAlerts } from '../db/queries/alerts.ts';
import type { Trouble } from '../insight/troubles.ts';
import { startPeriodic } from '../periodic.ts';
import type { Network } from './addresses.ts';
import { createDeliverer, type DeliverDeps } from './deliver.ts';
import { createMailer, type SmtpSettings } from './email.ts';
import { AlertEvaluator, sweepEveryMs } from './evaluate.ts';
import { createSealer } from './seal.ts';
import { createAlertSettings } from './settings.ts';

/** What an operator sets. */
export interface AlertOptions {
  readonly secretKey: string;
  readonly smtp?: SmtpSettings | undefined;
  /** Networks that webhooks may reach although they are not public. */
  readonly allowed?: readonly Network[] | undefined;
  readonly publicUrl?: string | undefined;
  readonly now?: (() => number) | undefined;
  readonly everyMs?: number | undefined;
  readonly groupWaitMs?: number | undefined;
}

interface Deps extends AlertOptions, Pick<DeliverDeps, 'count' | 'countDuplicate' | 'onError' | 'version'> {
  readonly db: Db;
  readonly isBusy: () => boolean;
  readonly show: (notice: AlertNotice) => Promise<void>;
  /** Lets the other servers know, when this transaction commits, that rules of the project changed. */
  readonly announceRules: (tx: Db, project: ProjectId) => Promise<void>;
  readonly troubles: () => readonly Trouble[];
}

const everyMs = 1_000;
const keepMs = 90 * 86_400_000;

/** Alerts from commit to receiver: rules and channels, the look at runs that changed, the outbox. */
export function createAlerts({ allowed = [], ...deps }: Deps) {
  const { db, secretKey, smtp, now = Date.now, isBusy, groupWaitMs, onError } = deps;
  const evaluator = new AlertEvaluator({ db, now, isBusy, groupWaitMs, troubles: deps.troubles });
  const settings = createAlertSettings({
    db,
    sealer: createSealer(secretKey),
    canSendEmail: smtp !== undefined,
    now,
    announce: deps.announceRules,
    onChanged: (project) => evaluator.noteRules(project),
  });
  const deliverer = createDeliverer({
    db,
    now,
    random: Math.random,
    allowed,
    mailer: smtp && createMailer(smtp),
    publicUrl: deps.publicUrl,
    version: deps.version,
    secretsOf: settings.secretsOf,
    show: deps.show,
    count: deps.count,
    countDuplicate: deps.countDuplicate,
    onError,
  });
  const every = { everyMs: deps.everyMs ?? everyMs };
  const stopLooking = startPeriodic(() => evaluator.look(), every, onError);
  let idleSince: number | null = null;
  /** Without rules nothing joins the outbox, so it is read again only for messages of rules that are off by now. */
  const send = async () => {
    if (!evaluator.hasRules && idleSince !== null && now() - idleSince < sweepEveryMs) return;
    idleSince = null;
    if ((await deliverer.begin()) === 0) idleSince = now();
  };
  const stopSending = startPeriodic(send, every, onError);
  const sweep = () => deleteOldAlerts(db, new Date(now() - keepMs).toISOString());
  const stopDeleting = startPeriodic(sweep, { firstMs: 120_000, everyMs: 3_600_000 }, onError);

  return {
    settings,
    canSendEmail: smtp !== undefined,
    test: deliverer.test,
    note: (runId: RunId, project: ProjectId) => evaluator.note(runId, project),
    forget: (runId: RunId) => evaluator.forget(runId),
    noteRules: (project: ProjectId) => evaluator.noteRules(project),
    noteMissed: () => evaluator.noteMissed(),
    noteTroubles: () => evaluator.noteTroubles(),

    /** Looks at what is due and sends it, now. */
    async settle(): Promise<void> {
      await evaluator.look();
      await deliverer.settle();
    },

    async close(): Promise<void> {
      await Promise.all([stopLooking(), stopSending(), stopDeleting()]);
      await deliverer.stop();
    },
  };
}

export type Alerts = ReturnType<typeof createAlerts>;

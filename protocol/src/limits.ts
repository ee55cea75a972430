/** Bounds of everything a peer can send. A program may rely on them not shrinking within a major version. */
export const limits = {
  /** Characters in a client id. */
  clientId: 64,
  /** Characters in a run id, a reporter id or a model version. */
  id: 128,
  /** Characters in a name, a tag, a metric name or a label. */
  name: 128,
  /** Characters in a project's id. */
  projectId: 64,
  /** Characters in the name of a user. */
  username: 64,
  /** Characters that a new password has at least. */
  passwordMin: 8,
  /** Characters in a password. */
  password: 256,
  /** Characters in a sign-in token, a ticket or a download link. */
  token: 128,
  /** Characters in an alias of a model version. */
  alias: 64,
  /** Tags of a run. */
  runTags: 256,
  /** Characters in the notes of a run. */
  runNotes: 10_000,
  /** Characters in an address to return to. */
  address: 2_000,
  /** Items of one page of most lists. */
  pageItems: 200,
  /** Characters in a reason or an error. */
  reason: 2_000,
  /** Characters in a log message. */
  message: 8_000,
  /** Entries in `metrics{}` or `labels{}`. */
  entries: 256,
  /** Bytes of `config{}` as JSON. */
  configBytes: 65_536,
  /** Levels of nesting in `config{}`. */
  configDepth: 32,
  /** Client ids in one `round_started`. */
  selectedClients: 100_000,
  /** Events in one ingest request. */
  batchEvents: 10_000,
  /** Bytes of one ingest request, before and after decompression. */
  batchBytes: 8 * 1024 * 1024,
  /** A running run that has been silent for longer comes after the other running runs on the live page. [S9] */
  longSilenceMs: 10 * 60_000,
  /** Clients of a snapshot. Those of a run with more follow in batches of about as many. */
  snapshotClients: 10_000,
  /** Rounds a snapshot carries and a viewer keeps: the newest. */
  snapshotRounds: 200,
  /** Points of `metrics_history`: the newest rounds. */
  historyPoints: 2_000,
  /** Log lines a snapshot carries and a viewer keeps: the newest. */
  snapshotLogs: 200,
  /** Latest server-side metric values a snapshot carries, by name. */
  snapshotMetrics: 1_000,
  /** Models a snapshot carries and a viewer keeps: the newest. */
  snapshotModels: 200,
  /** Alert rules and alert channels of a project. */
  alertRules: 200,
  alertChannels: 100,
  /** Channels of one alert rule. */
  alertRuleChannels: 20,
  /** Addresses of one e-mail channel. */
  alertRecipients: 20,
  /** Rounds that a threshold may ask for in a row. */
  alertRounds: 100,
  /** Alerts that one message spells out; it counts the others. */
  alertsPerMessage: 20,
  /** Seconds between two messages of one alert rule: a day. */
  alertThrottleSeconds: 86_400,
  /** Characters of an e-mail address. Source: RFC 5321, errata 1690. */
  emailAddress: 254,
  /** Characters of the secret of a webhook. */
  alertSecret: 256,
  /** Characters of one quoted text in a diagnosis. */
  diagnosisText: 300,
  /** Quoted texts in a diagnosis. */
  diagnosisTexts: 20,
  /** Ends of a round that a file of a whole run may hold, and its earlier attempts. */
  transferEnds: 10_000,
  /** Durations of rounds in a file of a whole run. */
  transferDurations: 1_000,
  /** Fields of a run that people may have edited: its name and its tags. */
  editedFields: 2,
  /** Items of an attention list: the worst. */
  attentionItems: 200,
  /** Cells of one matrix; of a longer range the newest rounds. */
  matrixCells: 16_000_000,
  /** Rounds of one answer of dispersion, cost or direction. */
  insightRounds: 5_000,
  /** Series in one request: runs times names. */
  seriesPerRequest: 100,
  /** Values of the sparkline of a run. */
  sparklinePoints: 60,
  /** Metrics of a run's summary, loss and accuracy first. */
  summaryMetrics: 256,
  /** Characters that runs and log lines are searched for. */
  searchText: 200,
  /** Items of one page of the lists with long pages: client updates and metric points. */
  longPageItems: 10_000,
  /** Items that a page may begin after. */
  pageOffset: 1_000_000_000,
  /** Characters in a cursor. */
  cursor: 2_048,
  /** Characters in the order of a list, as a cursor repeats it. */
  order: 256,
  /** Points of one series after it was thinned out. */
  seriesPoints: 20_000,
  /** Characters in an access token, a ticket or an API key that opens a socket. */
  socketToken: 4_096,
  /** Characters in the epoch with which a viewer resumes. */
  epoch: 64,
  /** A round's number, or the number of its clients: PostgreSQL's `integer`. */
  integer: 2_147_483_647,
  /** Milliseconds since 1970 of the last moment with a year of four digits. */
  momentMs: 253_402_300_799_999,
  /** Characters in the name of an identity provider. */
  providerName: 64,
} as const;

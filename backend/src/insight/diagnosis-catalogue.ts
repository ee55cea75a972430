import type { Finding } from '@rondo/protocol';

interface Entry {
  /** What would decide the cause, where it is not part of a finding. */
  readonly missing?: readonly string[];
  readonly next: readonly string[];
}

const serverLog = 'the log and the exit code of the FL server process';
const clientLog = "the client's own log; a client reports only through its FL server";
const clientLogs = "Read the client's own log for that round.";
const compareData = 'Compare its data and its preprocessing with those of a client that is well.';
const stopIfNeeded = 'If the round must go on without it, an admin may close the round.';

/** What each cause calls for. One source for people, `rondo diagnose` and the MCP server. [G13] */
export const catalogue: Readonly<Record<Finding['cause'], Entry>> = {
  run_over: { next: ['Nothing: the run is over.'] },
  run_failed: {
    missing: [serverLog],
    next: ['Read the reason and the last lines of the log.', 'Correct the cause and start a new run.'],
  },
  run_stopped: { next: ['Nothing, if the stop was meant. Otherwise start a new run.'] },
  between_rounds: {
    next: ['Wait. If no round begins within a median round, check the FL server.'],
  },
  fl_server_silent: {
    missing: [serverLog],
    next: [
      'Check whether the process of the FL server still runs, and its network: `rondo check` on its machine names the fault.',
      'If it runs, its reporter delivers by itself when the network returns; `rondo sync` delivers by hand.',
      'If it does not run, start it again, or end the run so that its clients are free.',
    ],
  },
  minimum_of_clients_not_met: {
    missing: ['which clients were started: the FL server names a client only once it has joined', clientLog],
    next: [
      'Start the missing clients, or check that they reach the FL server (address, certificate, firewall).',
      'Or lower the minimum of clients in the FL server.',
    ],
  },
  waiting_for_clients: {
    missing: ['which clients were started: the FL server names a client only once it has joined'],
    next: ['Start the missing clients, or lower the minimum of clients in the FL server.'],
  },
  clients_beyond_their_bound: {
    missing: [clientLog],
    next: [clientLogs, 'Check the load, the disk and the network of its machine.', stopIfNeeded],
  },
  clients_running: { next: ['Wait: no client is beyond its usual time.'] },
  transfer: {
    missing: ['how much of each update has arrived: frameworks do not say'],
    next: ['Wait. If it lasts, check the bandwidth between these clients and the FL server.'],
  },
  unnamed_clients: {
    missing: ['which clients these are: the FL server does not name them (secure aggregation)'],
    next: ["Look at the FL server's own log: it knows which of them have replied."],
  },
  aggregating: {
    missing: [serverLog],
    next: ['Wait. If it lasts longer than a round, check the CPU and the memory of the FL server.'],
  },
  round_overdue: {
    next: [
      'Look at the clients that have not answered.',
      'Set a deadline in the FL server, or have an admin close the round.',
    ],
  },
  all_clients_failed: {
    missing: [clientLog],
    next: [
      'Read the errors of the clients: one error for all points to the model, the code or the configuration that the FL server sends.',
      'Try one client alone with the same model before the next round.',
    ],
  },
  round_failed: {
    missing: [serverLog],
    next: ['Read the reason of the round, and the number of results that the FL server needs.'],
  },
  result_not_finite: {
    missing: ['the updates themselves: norms of updates are reported only with the adapter or `update_norm`'],
    next: [
      'Find the first round that is not finite, and the clients whose update is not finite in it.',
      'Lower the learning rate or clip updates; go back to the last good model version.',
    ],
  },
  epsilon_over_target: {
    next: [
      'Stop the run: every further round spends more than was promised.',
      'Report what was spent to the owners of the data.',
    ],
  },
  epsilon_near_target: { next: ['Plan the last rounds: the privacy page says how many are left.'] },
  server_disk: {
    next: ['Free space on the disk of the Rondo server, or raise it. Reports wait at the FL servers meanwhile.'],
  },
  server_database: { next: ['Check the database of the Rondo server. Reports wait at the FL servers meanwhile.'] },
  update_not_finite: {
    missing: [clientLog],
    next: ['Exclude the client until it is understood: one such update ruins a mean.', clientLogs],
  },
  zero_update: { missing: [clientLog], next: ['Check that the client trains: its data set may be empty.', clientLogs] },
  duplicate_update: {
    next: ['Check that the two clients are two: one may have been started twice with the same data.'],
  },
  failed_in_a_row: { missing: [clientLog], next: [clientLogs, 'Exclude the client until it is repaired.'] },
  absent_in_a_row: { missing: [clientLog], next: ['Check that the client runs and reaches the FL server.'] },
  update_norm_unusual: {
    missing: ['the update itself'],
    next: [compareData, 'Bound the norm of updates in the aggregation.'],
  },
  train_loss_unusual: { missing: ["the client's data"], next: [compareData] },
  cosine_unusual: {
    missing: ['the update itself'],
    next: [compareData, 'A robust aggregation limits what one client may do.'],
  },
  update_norm_drift: { next: [compareData] },
  train_loss_drift: { next: [compareData] },
  cosine_drift: { next: [compareData] },
  replayed_update: { next: ['Check that the client trains again in each round, and that its identity is genuine.'] },
  free_rider: {
    missing: ["the client's training time, where it is not reported"],
    next: ['Check that the client trains on data of its own.'],
  },
  straggler: {
    next: ['Give the client less work, or select it less often; a bias against slow clients is the price.'],
  },
};

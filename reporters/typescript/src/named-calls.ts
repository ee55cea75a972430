import type { FactType } from '@rondo/protocol';
import type { Reporter, Say } from './api.ts';
import { plainLog, plainMetric, plainResult } from './deferred.ts';
import type { ReportedFact } from './event.ts';

type NamedCalls = Omit<Reporter, 'run_id' | 'report' | 'leftOut' | 'saveModel' | 'stats' | 'close'>;

/** A method for each type of fact. None throws, whatever its arguments are. [R1] */
export function namedCalls(
  report: (fact: ReportedFact) => void,
  /** Returns whether the copy is taken, to be encoded later. */
  defer: (fact: ReportedFact | null) => boolean,
): NamedCalls {
  const say =
    <T extends FactType>(type: T): Say<T> =>
    (fact) => {
      try {
        report({ ...fact, type } as unknown as ReportedFact);
      } catch {
        report({ type } as ReportedFact); // Counts it and reports what is missing.
      }
    };
  const sayResult = say('client_result');

  /** Checks all of it at once, where a copy cannot be taken. */
  const sayWith = (type: 'metric' | 'log', about: object | undefined, given: object) => {
    try {
      report({ ...about, ...given, type } as unknown as ReportedFact);
    } catch {
      report({ type } as ReportedFact);
    }
  };

  return {
    runComplete: say('run_complete'),
    roundStarted: say('round_started'),
    roundUpdate: say('round_update'),
    roundComplete: say('round_complete'),
    roundFailed: say('round_failed'),
    roundStopped: say('round_stopped'),
    clientJoined: say('client_joined'),
    clientLeft: say('client_left'),
    clientHeartbeat: say('client_heartbeat'),
    clientPresence: say('client_presence'),
    clientStatus: say('client_status'),
    clientResult: (fact) => {
      if (!tryTo(() => defer(plainResult(fact)))) sayResult(fact);
    },
    clientFailed: say('client_failed'),
    clientNoReply: say('client_no_reply'),
    privacySpent: say('privacy_spent'),
    metric: (name, value, where) => {
      if (!tryTo(() => defer(plainMetric(name, value, where)))) sayWith('metric', where, { name, value });
    },
    log: (level, message, about) => {
      if (!tryTo(() => defer(plainLog(level, message, about)))) sayWith('log', about, { level, message });
    },
  };
}

/** Returns false also where the arguments cannot be read. */
function tryTo(act: () => boolean): boolean {
  try {
    return act();
  } catch {
    return false;
  }
}

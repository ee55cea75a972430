import { createRequire } from 'node:module';
import { join } from 'node:path';

/** A Socket.IO server that says ticks to all, as its documentation shows it, in a process of its own. */
interface Emitter {
  emit(event: string, ...data: unknown[]): void;
}
interface Library {
  readonly Server: new (port: number, options: object) => Emitter;
}
export interface SocketIoJob {
  readonly packages: string;
  readonly port: number;
  readonly recovers: boolean;
  readonly perSecond: number;
  readonly seconds: number;
}

process.once('disconnect', () => process.exit());
process.once('message', ({ packages, port, recovers, perSecond, seconds }: SocketIoJob) => {
  const { Server } = createRequire(join(packages, 'package.json'))('socket.io') as Library;
  // Two minutes is its default for those who recover.
  const server = new Server(port, recovers ? { connectionStateRecovery: {} } : {});
  process.send?.({ type: 'ready' });
  process.once('message', () => {
    let step = 0;
    const timer = setInterval(() => {
      server.emit('tick', step++, Date.now());
      if (step < perSecond * seconds) return;
      clearInterval(timer);
      process.send?.({ type: 'sent' });
    }, 1_000 / perSecond);
  });
});

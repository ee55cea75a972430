import { lockFolder } from '../src/db/folder-lock.ts';

/** A process that has a data folder until it is killed. */
await lockFolder(process.argv[2] ?? '');
process.send?.('locked');
process.on('message', () => {}); // keeps it running

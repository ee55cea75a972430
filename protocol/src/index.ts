export * from './entities.ts';
export * from './facts.ts';
export * from './ingest.ts';
export * from './limits.ts';
export * from './selectors.ts';
export * from './socket.ts';
export * from './values.ts';
export * from './viewer-state.ts';

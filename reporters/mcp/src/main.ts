#!/usr/bin/env node
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { ReadError, readRondo } from '@rondo/reporter';
import { createMcpServer } from './tools.ts';

// Standard output carries the protocol, so everything for people goes to standard error.
try {
  await createMcpServer(readRondo(), '0.1.0').connect(new StdioServerTransport());
} catch (error) {
  if (!(error instanceof ReadError)) throw error;
  console.error(`rondo-mcp: ${error.message}`);
  process.exitCode = 1;
}

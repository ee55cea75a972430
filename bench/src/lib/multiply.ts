import { messageOf, startNode, stopNode } from './children.ts';

type What =
  | { readonly rounds: number; readonly of: string }
  | { readonly runs: number; readonly from: number; readonly apartS: number };

interface Where {
  readonly dataDir: string;
  readonly databaseUrl?: string | undefined;
}

const longestMs = 60 * 60_000;

/** Copies rows of a database that no server uses at the moment: reporting as many would take hours. */
export async function multiply(where: Where, what: What): Promise<void> {
  const child = startNode(['backend/testing/multiply.ts'], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  try {
    const multiplied = messageOf(child, 'multiplied', longestMs);
    child.send({ type: 'go', ...where, what });
    await multiplied;
  } finally {
    await stopNode(child, 10_000);
  }
}

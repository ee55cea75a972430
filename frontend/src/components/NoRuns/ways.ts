/** How to connect, by what the FL server is written in: each is what to add to it. */
export const waysFor = (origin: string) =>
  [
    {
      key: 'typescript',
      label: 'TypeScript',
      code: `import { createReporter } from '@rondo/reporter';

const run = createReporter({ name: 'my-run' });`,
    },
    {
      key: 'http',
      label: 'HTTP',
      code: `curl ${origin}/api/ingest \\
  -H "Authorization: Bearer $RONDO_API_KEY" \\
  -H "Content-Type: application/json" -d '{
  "reporter_id": "my-server", "batch": 1, "events": [
    {"type": "run_started", "run_id": "my-run",
     "at": "'$(date -u +%FT%TZ)'",
     "name": "my run", "framework": "custom"}]}'`,
    },
  ] as const;

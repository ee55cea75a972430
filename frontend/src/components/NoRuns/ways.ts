/** What reporters read. Without a key, the place where it goes. */
export const environmentOf = (origin: string, key: string | null): string =>
  `export RONDO_URL=${origin}\nexport RONDO_API_KEY=${key ?? '…'}`;

/** From a clone: the packages are in no registry yet. */
const python = 'pip install ./reporters/python';

/** How to connect, by what the FL server is written in: what to install, and what to add to it. */
export const waysFor = (origin: string) =>
  [
    {
      key: 'flower',
      label: 'Flower',
      install: python,
      code: `import rondo.flower

@app.main()
def main(grid, context):
    grid, strategy = rondo.flower.observe(grid, FedAvg(), context)
    strategy.start(grid=grid, initial_arrays=arrays, num_rounds=10)`,
    },
    {
      key: 'nvflare',
      label: 'NVIDIA FLARE',
      install: python,
      code: `import rondo.nvflare

rondo.nvflare.attach(recipe)  # or a FedJob`,
    },
    {
      key: 'python',
      label: 'Python',
      install: python,
      code: `import rondo

with rondo.run(name="my-run") as run:
    with run.round(1, ["lyon", "oslo"]) as round:
        round.result("lyon", 600, train_loss=0.41)`,
    },
    {
      key: 'typescript',
      label: 'TypeScript',
      install: 'npm install   # in a clone, where @rondo/reporter is a workspace',
      code: `import { createReporter } from '@rondo/reporter';

const run = createReporter({ name: 'my-run' });
run.roundStarted({ round: 1, client_ids: ['lyon', 'oslo'] });
run.clientResult({ client_id: 'lyon', round: 1, sample_count: 600, train_loss: 0.41 });`,
    },
    {
      key: 'http',
      label: 'HTTP',
      install: null,
      code: `curl ${origin}/api/ingest \\
  -H "Authorization: Bearer $RONDO_API_KEY" \\
  -H "Content-Type: application/json" -d '{
  "reporter_id": "my-server", "batch": 1, "events": [
    {"type": "run_started", "run_id": "my-run",
     "at": "'$(date -u +%FT%TZ)'",
     "name": "my run", "framework": "custom"}]}'`,
    },
  ] as const;

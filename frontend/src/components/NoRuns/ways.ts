/** How to connect, by what the FL server is written in: each is what to add to it. */
export const waysFor = (origin: string) =>
  [
    {
      key: 'flower',
      label: 'Flower',
      code: `import rondo.flower

@app.main()
def main(grid, context):
    grid, strategy = rondo.flower.observe(grid, FedAvg(), context)
    strategy.start(grid=grid, initial_arrays=arrays, num_rounds=10)`,
    },
    {
      key: 'nvflare',
      label: 'NVIDIA FLARE',
      code: `import rondo.nvflare

rondo.nvflare.attach(recipe)  # or a FedJob`,
    },
    {
      key: 'python',
      label: 'Python',
      code: `import rondo

with rondo.run(name="my-run") as run:
    with run.round(1, ["lyon", "oslo"]) as round:
        round.result("lyon", 600, train_loss=0.41)`,
    },
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

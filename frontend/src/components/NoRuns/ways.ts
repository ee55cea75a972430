/** How to connect, by framework: each is the two lines to add. */
export const ways = [
  {
    key: 'flower',
    label: 'Flower',
    code: `from rondo.flower import watch

strategy = watch(strategy, name="my-run")`,
  },
  {
    key: 'python',
    label: 'Python',
    code: `import rondo

run = rondo.init(name="my-run")`,
  },
] as const;

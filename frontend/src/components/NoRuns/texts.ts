/** The words of the page before the first run. See docs/decisions/0045. */
export const texts = {
  title: 'Waiting for the first run',
  intro:
    'Let your FL server report here. Rounds and clients show here as soon as it starts; there is nothing to reload.',
  key: {
    title: 'Give it a key',
    name: 'first FL server',
    make: 'Make a key',
    more: 'With other permissions, or for another project:',
    settings: 'Settings, API keys',
    ask: 'An admin of the project makes one under Settings, API keys.',
    made: (name: string) => `The key “${name}” is shown this once: copy it now, into the environment of the FL server.`,
    code: 'the environment',
  },
  code: {
    title: 'Report from your code',
    ways: 'Way to connect',
    install: (label: string) => `the install line for ${label}`,
    snippet: (label: string) => `the code for ${label}`,
  },
  demo: { before: 'No FL server at hand?', after: 'trains a small federation of 50 clients.' },
} as const;

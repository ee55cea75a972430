/**
 * Who may import whom. Nothing is allowed that is not listed here; docs/decisions/0005 says why.
 */
const npm = 'node_modules/';
const builtin = { dependencyTypes: ['core'] };
const protocol = '^protocol/src/(index|limits|close-codes|rewind/index)\\.ts$';
const makers = '^protocol/src/testing/entities\\.ts$';
const reporter = '^reporters/typescript/src/index\\.ts$';

const allow = (from, ...to) => to.map((each) => ({ from, to: typeof each === 'string' ? { path: each } : each }));

const inside = (folder) => `^${folder}/`;
const isTest = '\\.(test|spec)\\.tsx?$|/(testing|test)/';
/** Code that ships, as opposed to its tests. */
const source = (path) => ({ path, pathNot: isTest });
const packages = (...names) => names.map((name) => `${npm}(${name})(/|$)`).join('|');

const frontend = (folder) => `^frontend/src/${folder}/`;
const backend = (folder) => `^backend/src/${folder}(/|\\.ts$)`;

// A component's main file has its folder's name; what else lies in the folder is its own business.
const componentMain = '^frontend/src/components/([^/]+)/\\1\\.tsx$|^frontend/src/components/ui/';

const everywhere = [
  ...allow({ path: '^protocol/src/', pathNot: isTest }, inside('protocol/src'), packages('zod')),
  ...allow(source('^reporters/typescript/src/'), inside('reporters/typescript/src'), protocol, builtin),
  // Plain JavaScript that npm runs when the package is made.
  ...allow({ path: '^reporters/typescript/package/' }, inside('reporters/typescript/package'), builtin),
  ...allow(
    source('^reporters/mcp/src/'),
    inside('reporters/mcp/src'),
    protocol,
    reporter,
    packages('@modelcontextprotocol/sdk', 'zod'),
    builtin,
  ),
  ...allow(source('^demo/src/'), inside('demo/src'), protocol, reporter, builtin),
];

const frontendLayers = [
  ...allow({ path: '^frontend/src/main\\.tsx$' }, '^frontend/src/(app\\.tsx|styles\\.css)$', npm),
  ...allow({ path: '^frontend/src/app\\.tsx$' }, componentMain, frontend('(pages|hooks|lib)'), npm),
  ...allow(
    source(frontend('pages')),
    componentMain,
    frontend('(hooks|lib)'),
    protocol,
    packages('react', 'react-router'),
  ),
  ...allow(
    { path: '^frontend/src/components/([^/]+)/', pathNot: isTest },
    '^frontend/src/components/$1/',
    componentMain,
    frontend('(hooks|charts|lib)'),
    protocol,
    packages(
      'react',
      'react-router',
      'radix-ui',
      'react-markdown',
      '@tanstack/react-virtual',
      '@tanstack/react-table',
      'lucide-react',
    ),
  ),
  ...allow(
    source(frontend('hooks')),
    frontend('(hooks|store|api|live|lib)'),
    protocol,
    packages('react', 'react-router', 'swr'),
  ),
  ...allow(source(frontend('store')), frontend('(store|live|lib)'), protocol, packages('zustand', 'immer')),
  ...allow(source(frontend('live')), frontend('(live|lib)'), protocol),
  ...allow(source(frontend('charts')), frontend('(charts|lib)'), packages('uplot', 'react')),
  ...allow(source(frontend('api')), frontend('(api|lib)'), protocol, packages('axios')),
  ...allow(source(frontend('lib')), frontend('lib'), protocol, npm),
];

const withoutDatabase = {
  path: npm,
  pathNot: packages('drizzle-orm', 'pg', '@electric-sql/[^/]+', '@fastify/websocket'),
};

/** What a query is handed; who only passes it on needs its type. */
const dbType = { path: '^backend/src/db/(db|database)\\.ts$', dependencyTypes: ['type-only'] };

const backendLayers = [
  ...allow(source('^backend/src/(app|services|main)\\.ts$'), '^backend/src/', protocol, npm, builtin),
  ...allow(
    source(backend('routers')),
    backend(
      '(routers|schemas|ingest|insight|alerts|transfer|bus|db/queries|auth|errors|plugins|config|checkpoints|websocket/(catch-up|live-source))',
    ),
    dbType,
    protocol,
    withoutDatabase,
    builtin,
  ),
  ...allow(source(backend('schemas')), backend('schemas'), protocol, packages('zod')),
  ...allow(
    source(backend('plugins')),
    backend('(plugins|schemas|auth|errors|config|insight/troubles|db/queries|db/transient)'),
    dbType,
    protocol,
    withoutDatabase,
    builtin,
  ),
  ...allow(source(backend('ingest')), backend('(ingest|insight|bus|periodic|db|errors)'), protocol, npm, builtin),
  ...allow(
    source(backend('insight')),
    backend('(insight|ingest/state|bus|periodic|db|errors)'),
    protocol,
    npm,
    builtin,
  ),
  ...allow(source(backend('alerts')), backend('(alerts|insight|auth|periodic|db|errors)'), protocol, npm, builtin),
  ...allow(source(backend('bus')), backend('(bus|db)'), protocol, npm, builtin),
  ...allow(
    source(backend('websocket')),
    backend('(websocket|bus|periodic|db/queries|auth|errors)'),
    dbType,
    protocol,
    npm,
    builtin,
  ),
  ...allow(source(backend('db')), backend('(db|periodic|errors)'), protocol, npm, builtin),
  ...allow(source(backend('transfer')), backend('(transfer|db|checkpoints|insight|errors)'), protocol, npm, builtin),
  ...allow(source(backend('backup')), backend('(backup|db|checkpoints|config|version|errors)'), protocol, npm, builtin),
  ...allow(
    source(backend('auth')),
    backend('(auth|db/queries|db/transient|errors|schemas)'),
    dbType,
    protocol,
    npm,
    builtin,
  ),
  ...allow(
    source(backend('checkpoints')),
    backend('(checkpoints|periodic|db/queries|errors|schemas)'),
    dbType,
    protocol,
    npm,
    builtin,
  ),
  ...allow(
    source('^backend/src/(config|errors|logger|periodic|version)\\.ts$'),
    backend('(config|errors|logger|version|schemas|alerts/addresses|db/hosts)'),
    protocol,
    packages('zod', 'pino'),
    builtin,
  ),
];

/** Tests may look inside their own package, and nowhere else. */
const tests = ['protocol', 'backend', 'frontend', 'reporters/typescript', 'demo'].flatMap((name) =>
  allow({ path: `^${name}(?=/).*(${isTest})` }, inside(name), protocol, makers, reporter, npm, builtin),
);

const tools = [
  ...allow({ path: '^(e2e|bench)/' }, '^$1/', protocol, makers, reporter, npm, builtin),
  // One line that breaks, one way to find a browser, and the part that is switched off to see what it costs.
  ...allow(
    { path: '^bench/' },
    '^backend/testing/cutting-proxy\\.ts$',
    '^e2e/src/chromium\\.ts$',
    '^backend/src/insight/attention\\.ts$',
  ),
  ...allow({ path: '^scripts/' }, '^scripts/', npm, builtin),
  ...allow({ path: '^(frontend/vite|vitest)\\.config\\.ts$' }, '^frontend/src/lib/page-files\\.ts$', npm, builtin),
];

module.exports = {
  allowedSeverity: 'error',
  allowed: [...everywhere, ...frontendLayers, ...backendLayers, ...tests, ...tools],
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'declared',
      severity: 'error',
      comment: 'An npm package must be in the package.json of the workspace that imports it',
      from: { path: '^(protocol|backend|frontend|reporters|demo)/', pathNot: `${isTest}|\\.config\\.ts$` },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|test-results)/' },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};

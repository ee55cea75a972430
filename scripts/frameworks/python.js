import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { countPython } from '../lib/count.js';
import { withDashboard } from '../lib/dashboard.js';
import { root } from '../lib/paths.js';
import { ensureVenv } from '../lib/venv.js';

const reporter = join(root, 'reporters/python');
const training = ['numpy', 'scikit-learn'];
const longestMs = 1_200_000;

/** The adapters' tests with one version of a framework, against a dashboard of their own. */
const adapter = (name, framework, modules, others = training) => ({
  name,
  run: () => {
    const bin = ensureVenv(name, [framework, ...others]);
    console.log(`   ${versionOf(bin, framework)}`);
    return withDashboard((dashboard) => testWith(bin, modules, dashboard));
  },
});

const flower = ['test_flower', 'test_flower_live', 'test_flower_superlink'];

export const pythonParts = [
  {
    name: 'python-style',
    run: () => {
      // The types of both frameworks are checked with the versions that the adapters are tested with.
      const bin = ensureVenv('python-style', ['mypy==2.4.1', 'ruff==0.17.6', 'flwr', 'numpy']);
      const checks = [['ruff', 'check', '.'], ['ruff', 'format', '--check', '.'], ['mypy']].map(
        ([program, ...args]) => spawnSync(join(bin, program), args, { cwd: reporter, stdio: 'inherit' }).status === 0,
      );
      const passed = checks.filter(Boolean).length;
      return { passed, failed: checks.length - passed };
    },
  },
  {
    name: 'python-package',
    run: () => {
      // The package to publish: builds, has a readable description, and installs and runs without this checkout.
      const bin = ensureVenv('python-package', ['build==1.6.1', 'twine==7.0.0']);
      const folder = mkdtempSync(join(tmpdir(), 'rondo-package-'));
      const run = (program, ...args) =>
        spawnSync(join(bin, program), args, { cwd: folder, stdio: 'inherit' }).status === 0;
      const isBuilt = run('python', '-m', 'build', '--outdir', folder, reporter);
      const files = isBuilt ? readdirSync(folder).map((name) => join(folder, name)) : [];
      const wheel = files.find((path) => /rondo_fl-.*\.whl$/.test(path)) ?? '';
      const checks = [
        isBuilt,
        files.length === 2 && run('twine', 'check', '--strict', ...files),
        run('python', '-m', 'venv', 'installed') &&
          spawnSync(join(folder, 'installed/bin/pip'), ['install', '--no-index', wheel], { stdio: 'inherit' })
            .status === 0 &&
          spawnSync(join(folder, 'installed/bin/rondo'), ['--help'], { stdio: 'ignore' }).status === 0,
      ];
      rmSync(folder, { recursive: true, force: true });
      const passed = checks.filter(Boolean).length;
      return { passed, failed: checks.length - passed };
    },
  },
  {
    name: 'importers',
    run: () => {
      const bin = ensureVenv('importers', ['mlflow==3.17.2', 'tensorboard']);
      console.log(`   ${versionOf(bin, 'mlflow')}, ${versionOf(bin, 'tensorboard')}`);
      return withDashboard((dashboard) => testWith(bin, ['test_importers_written'], dashboard));
    },
  },
  {
    name: 'gunicorn',
    // Its workers report to an ingest of the test's own.
    run: () => testWith(ensureVenv('gunicorn', ['gunicorn==27.0.1']), ['test_gunicorn'], {}),
  },
  // The newest on PyPI, and one whose SuperLink still speaks gRPC.
  adapter('flower', 'flwr', [...flower, 'test_flower_field']),
  adapter('flower-1.27', 'flwr==1.27.0', [...flower, 'test_flower_field']),
  // Reports are read back as plain objects, pandas and Arrow; the example notebook draws its figure.
  adapter(
    'reading',
    'pandas',
    ['test_reading_live', 'test_transfer_live'],
    ['pyarrow', 'matplotlib', 'hivewatch==0.3.1'],
  ),
  adapter('nvflare', 'nvflare', ['test_nvflare_account', 'test_nvflare_field', 'test_nvflare_live']),
];

function testWith(bin, modules, { url, token, apiKey }) {
  const folder = mkdtempSync(join(tmpdir(), 'rondo-adapters-'));
  const report = join(folder, 'report.json');
  const env = {
    ...process.env,
    PYTHONPATH: [join(reporter, 'src'), join(reporter, 'framework_tests'), process.env.PYTHONPATH]
      .filter(Boolean)
      .join(delimiter),
    PYTHONDONTWRITEBYTECODE: '1',
    RONDO_URL: url,
    RONDO_API_KEY: apiKey,
    RONDO_TEST_TOKEN: token,
    RONDO_SPOOL_DIR: join(folder, 'spool'),
  };
  return new Promise((done) => {
    const args = ['-m', 'tests', '--retry', process.env.CI ? '1' : '0', '--json', report, ...modules];
    const child = spawn(join(bin, 'python'), args, { cwd: reporter, env, stdio: 'inherit', timeout: longestMs });
    child.on('error', (error) => console.error(error.message));
    child.on('close', (code) => {
      const { passed, failed, names, flaky } = countPython(report);
      rmSync(folder, { recursive: true, force: true });
      // A process that ended badly, or that skipped everything, has failed.
      done({ passed, failed: failed === 0 && (code !== 0 || passed === 0) ? 1 : failed, names, flaky });
    });
  });
}

function versionOf(bin, framework) {
  const name = framework.split(/[=<>[]/)[0];
  const shown = spawnSync(join(bin, 'python'), ['-m', 'pip', 'show', name], { encoding: 'utf8' });
  return `${name} ${/^Version: (.+)$/m.exec(shown.stdout)?.[1] ?? '?'}`;
}

import { execFileSync, spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

const root = resolve(import.meta.dirname, '..');
const chart = join(root, 'deploy/helm/rondo');
const read = (path: string): string => readFileSync(resolve(root, path), 'utf8');

describe('the Dockerfile', () => {
  const lines = read('Dockerfile').split('\n');

  it('runs Node 24 slim as a user without rights, with production dependencies only, and says how it is', () => {
    const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM')));
    expect(last[0]).toBe('FROM node:24-slim');
    expect(last).toContain('USER node');
    expect(last.join('\n')).toMatch(/^HEALTHCHECK .*healthcheck\.js$/m);
    expect(last.join('\n')).toContain('COPY --from=dependencies');
    expect(read('Dockerfile')).toMatch(/AS dependencies\nRUN npm ci .*--omit=dev/);
  });

  it('knows every workspace: npm ci refuses a tree without one', () => {
    const { workspaces } = JSON.parse(read('package.json')) as { workspaces: string[] };
    for (const workspace of workspaces) expect(lines).toContain(`COPY ${workspace}/package.json ${workspace}/`);
    const sent = read('.dockerignore').split('\n');
    for (const workspace of workspaces) {
      expect(sent.includes(`!${workspace}`) || sent.includes(`!${workspace}/package.json`), workspace).toBe(true);
    }
  });
});

describe('compose.yaml', () => {
  it('has no secret of its own, and starts without none', () => {
    const text = read('compose.yaml');
    for (const name of ['POSTGRES_PASSWORD', 'SECRET_KEY', 'ADMIN_PASSWORD']) {
      const uses = [...text.matchAll(new RegExp(`\\$\\{${name}([^}]*)\\}`, 'g'))].map(([, rest]) => rest);
      expect(uses.length, name).toBeGreaterThan(0);
      for (const rest of uses) expect(rest, name).toBe(':?set it in .env');
      expect(read('.env.example'), name).toMatch(new RegExp(`^${name}=$`, 'm'));
    }
    expect(text).not.toMatch(/(PASSWORD|SECRET_KEY): (?!\$\{)/);
  });
});

describe('compose.yaml', () => {
  it('[L9] gives no service more rights, memory or processes than it needs', () => {
    for (const [name, service] of Object.entries<Record<string, unknown>>(parse(read('compose.yaml')).services)) {
      expect([name, service]).toMatchObject([
        name,
        {
          cap_drop: ['ALL'],
          security_opt: ['no-new-privileges:true'],
          mem_limit: expect.any(String),
          pids_limit: expect.any(Number),
        },
      ]);
    }
  });
});

describe('the Helm chart', () => {
  const values = () => parse(read('deploy/helm/rondo/values.yaml'));
  const isValid = new Ajv({ allErrors: true, strict: true, strictRequired: false, strictTypes: false }).compile(
    JSON.parse(read('deploy/helm/rondo/values.schema.json')),
  );
  const shared = {
    replicaCount: 3,
    database: { existingSecret: 'a', key: 'url' },
    secretKey: { existingSecret: 'b', key: 'secret-key' },
    models: { storeUrl: 's3://bucket/prefix' },
  };

  it('has values that its schema takes', () => {
    expect(isValid(values()), JSON.stringify(isValid.errors)).toBe(true);
    expect(isValid({ ...values(), ...shared }), JSON.stringify(isValid.errors)).toBe(true);
  });

  it.each([
    ['several replicas with the embedded database', { ...shared, database: { existingSecret: '' } }],
    ['several replicas that sign with keys of their own', { ...shared, secretKey: { existingSecret: '' } }],
    ['several replicas with checkpoints on one of them', { ...shared, models: { storeUrl: '' } }],
    ['a value that no template knows', { replicas: 3 }],
    ['an ingress without a host', { ingress: { enabled: true, host: '' } }],
    ['[L9] an ingress without TLS', { ingress: { enabled: true, host: 'rondo.test', tlsSecret: '' } }],
    ['a secret among the settings', { settings: { SECRET_KEY: 'x' } }],
    ['a number that YAML would write as 1.7e+10', { settings: { MODEL_MAX_BYTES: 17_179_869_184 } }],
  ])('refuses %s', (_, wrong) => {
    expect(isValid({ ...values(), ...wrong })).toBe(false);
  });

  it('uses no value that does not exist', () => {
    const used = globSync('templates/*', { cwd: chart }).flatMap((file) =>
      [...readFileSync(join(chart, file), 'utf8').matchAll(/\.Values\.([\w.]+)/g)].map(([, path]) => path as string),
    );
    expect(used.length).toBeGreaterThan(20);
    for (const path of used) {
      const found = path.split('.').reduce((at, name) => at?.[name], values());
      expect(found, path).toBeDefined();
    }
  });

  it('[L9] bounds every folder that ends with the pod, and lets only its port be reached', () => {
    const template = (name: string) => read(`deploy/helm/rondo/templates/${name}.yaml`);
    const folders = [...template('deployment').matchAll(/emptyDir:(.*)\n\s+sizeLimit: /g)];
    expect(folders).toHaveLength([...template('deployment').matchAll(/emptyDir/g)].length);
    expect(template('networkpolicy')).toMatch(/kind: NetworkPolicy[\s\S]*port: http/);
    expect(values().networkPolicy.enabled).toBe(true);
  });

  const hasHelm = spawnSync('helm', ['version']).status === 0;
  if (!hasHelm)
    console.warn('SKIPPED: there is no helm on this machine, so the templates of the chart are not rendered.');

  it.skipIf(!hasHelm)('renders: one replica on its volume, several without', () => {
    const render = (given: object) => {
      const flags = ['--kube-version', '1.32.0', '--values', '-'];
      const text = execFileSync('helm', ['template', 'x', chart, ...flags], {
        input: JSON.stringify(given),
        encoding: 'utf8',
      });
      return parseAllDocuments(text).map((document) => document.toJS());
    };
    execFileSync('helm', ['lint', '--strict', chart]);
    const kindsOf = (objects: { kind: string }[]) => objects.map(({ kind }) => kind).sort();
    const one = render({});
    expect(kindsOf(one)).toEqual(['Deployment', 'NetworkPolicy', 'PersistentVolumeClaim', 'Service', 'ServiceAccount']);
    const ingress = { enabled: true, host: 'rondo.test', tlsSecret: 'tls' };
    const several = render({ ...shared, ingress, settings: { MODEL_MAX_BYTES: '17179869184' } });
    expect(kindsOf(several)).toEqual([
      'Deployment',
      'Ingress',
      'NetworkPolicy',
      'PodDisruptionBudget',
      'Service',
      'ServiceAccount',
    ]);
    const { spec } = several.find(({ kind }) => kind === 'Deployment');
    expect(spec).toMatchObject({ replicas: 3, strategy: { type: 'RollingUpdate' } });
    const [container] = spec.template.spec.containers;
    expect(container.env).toContainEqual({
      name: 'DATABASE_URL',
      valueFrom: { secretKeyRef: { name: 'a', key: 'url' } },
    });
    expect(container.env).toContainEqual({ name: 'MODEL_MAX_BYTES', value: '17179869184' });
    expect(spec.template.spec.securityContext).toMatchObject({ runAsNonRoot: true });
    expect(spec.template.spec.volumes).toContainEqual({ name: 'data', emptyDir: {} });
  });
});

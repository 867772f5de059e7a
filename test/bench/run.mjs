// Runs all benchmarks, or those that are named, against what was built; prints tables and writes bench-report/bench.json.
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import * as os from 'node:os';
import * as path from 'node:path';
import { build } from 'esbuild';

const root = path.resolve(import.meta.dirname, '../..');
const out = path.join(root, 'node_modules/.cache/bench');
process.chdir(root);

/** What was built is measured, not a bundle of its sources. */
const useBuild = {
  name: 'use-build',
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ path: request, resolveDir }) => {
      const file = path.relative(root, path.resolve(resolveDir, request));
      if (!file.startsWith(`lib${path.sep}`)) return undefined;
      return { path: path.join(root, 'dist', file), external: true };
    });
  },
};

const BENCHES = {
  load: ['benchLoad', (rows) => rows],
  synth: [
    'benchSynth',
    ({ rows, ratio, each }) => [...rows, { ratio }, { 'ms each, by count': each }],
  ],
  preflight: ['benchPreflight', (row) => [row]],
  rehearsal: ['benchRehearsal', ({ phases, ...row }) => [row, ...phases]],
};

const asked = process.argv.slice(2);
for (const name of asked) {
  if (!(name in BENCHES)) {
    console.error(`'${name}' must be one of ${Object.keys(BENCHES).join(', ')}; correct it`);
    process.exit(2);
  }
}

await build({
  absWorkingDir: root,
  entryPoints: Object.keys(BENCHES).map((name) => `test/bench/${name}.ts`),
  outdir: out,
  bundle: true,
  packages: 'external',
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  plugins: [useBuild],
  logLevel: 'warning',
});

const require = createRequire(import.meta.url);
const results = {};
for (const [name, [bench, rowsOf]] of Object.entries(BENCHES)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  results[name] = await require(path.join(out, `${name}.cjs`))[bench]();
  console.log(`\n${name}`);
  for (const row of rowsOf(results[name])) console.log(`  ${line(row)}`);
}
const machine = {
  node: process.version,
  platform: process.platform,
  arch: process.arch,
  cpus: os.cpus().length,
};
fs.mkdirSync('bench-report', { recursive: true });
fs.writeFileSync('bench-report/bench.json', `${JSON.stringify({ machine, results }, null, 2)}\n`);

function line(row) {
  return Object.entries(row)
    .filter(([key]) => key !== 'status' && key !== 'atSeconds')
    .map(([key, value]) => (typeof value === 'string' ? value : `${key} ${shown(value)}`))
    .join('  ');
}

function shown(value) {
  if (typeof value === 'number') return Number.isInteger(value) ? value : value.toFixed(2);
  return JSON.stringify(value, (_key, item) =>
    typeof item === 'number' ? Number(item.toFixed(1)) : item,
  );
}

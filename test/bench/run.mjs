// Runs all benchmarks, or those that are named, against what was built; prints tables and writes them into
// bench-report/bench.json, beside what earlier runs measured there. `--rows N` makes the verification's table smaller.
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import * as os from 'node:os';
import * as path from 'node:path';
import { parseArgs } from 'node:util';
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
    ({ rows, ratio, ratioToBare, each }) => [
      ...rows,
      { name: "ratio to aws-cdk-lib's constructs", ratio },
      { name: 'ratio to bare resources', ratio: ratioToBare },
      ...Object.entries(each).map(([count, milliseconds]) => ({
        name: `each of ${count}`,
        milliseconds,
      })),
    ],
  ],
  preflight: ['benchPreflight', (row) => [row]],
  rehearsal: ['benchRehearsal', ({ phases, ...row }) => [row, ...phases]],
  outage: ['benchOutage', (rows) => rows],
  promotion: ['benchPromotion', (rows) => rows],
  'blue-green': ['benchBlueGreen', (rows) => rows],
  programs: ['benchPrograms', (rows) => rows],
  sizes: ['benchSizes', (rows) => rows],
  verification: ['benchVerification', (rows) => rows],
};

const { values: options, positionals: asked } = parseArgs({
  options: { rows: { type: 'string' } },
  allowPositionals: true,
});
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
const measured = {};
for (const [name, [bench, rowsOf]] of Object.entries(BENCHES)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const result = await require(path.join(out, `${name}.cjs`))[bench](
    // Of those that have rows.
    ...(name === 'verification' && options.rows !== undefined ? [Number(options.rows)] : []),
  );
  measured[name] = { machine: machine(), at: new Date().toISOString(), result };
  console.log(`\n${name}`);
  printTable(rowsOf(result));
}
write(measured);

function machine() {
  const { arch, platform, version: node } = process;
  return { node, platform, arch, cpus: os.cpus().length };
}

/** Keeps the results of the benchmarks that were not run now. */
function write(rows) {
  const file = 'bench-report/bench.json';
  const known = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {};
  const kept = Object.entries(known).filter(([name, row]) => name in BENCHES && 'result' in row);
  fs.mkdirSync('bench-report', { recursive: true });
  const all = { ...Object.fromEntries(kept), ...rows };
  fs.writeFileSync(file, `${JSON.stringify(all, null, 2)}\n`);
}

/** Prints one line for each row, and one column for each of its figures. */
function printTable(rows) {
  const shown = rows.map((row) => ({
    '': row.name ?? row.title ?? '',
    ...Object.fromEntries(
      Object.entries(row)
        .filter(([key]) => !['name', 'title', 'status', 'atSeconds'].includes(key))
        .map(([key, value]) => [key, text(value)]),
    ),
  }));
  const columns = [...new Set(shown.flatMap(Object.keys))];
  const lines = [columns, ...shown.map((row) => columns.map((column) => row[column] ?? ''))];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index].length)));
  for (const line of lines) {
    const cells = line.map((cell, index) =>
      index === 0 ? cell.padEnd(widths[index]) : cell.padStart(widths[index]),
    );
    console.log(`  ${cells.join('  ').trimEnd()}`);
  }
}

function text(value) {
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : value.toFixed(2);
  return Array.isArray(value) ? value.join('; ') : String(value);
}

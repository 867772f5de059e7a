// Compiles lib, bin and examples into dist, copies what is not TypeScript, and bundles the handler.
// Nothing is done when the sources are those of the last build.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { bundleHandler } from './bundle-handler.mjs';

const root = path.resolve(import.meta.dirname, '..');
process.chdir(root);

const ROOTS = ['lib', 'bin', 'examples'];
const CONFIGURATION = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
const STAMP = 'dist/.sources';
const COMPILED = 'dist/.tsbuildinfo';

const sources = ROOTS.flatMap(filesBelow)
  .filter((file) => !file.endsWith('.md'))
  .sort();
const stamp = digest([...CONFIGURATION, ...filesBelow('scripts').sort(), ...sources]);

if (process.argv.includes('--force') || !isUpToDate()) {
  fs.rmSync(STAMP, { force: true });
  compile();
  // The compiler leaves out what it has written before, although another build took it for an orphan and deleted it.
  if (!isComplete()) {
    fs.rmSync(COMPILED, { force: true });
    compile();
  }
  copyAssets();
  removeOrphans();
  await bundleHandler(root);
  fs.writeFileSync(STAMP, stamp);
}

function isUpToDate() {
  return (
    fs.existsSync(STAMP) &&
    fs.readFileSync(STAMP, 'utf8') === stamp &&
    fs.existsSync('dist/handler/index.js') &&
    fs.existsSync('dist/handler/cutover.js') &&
    fs.existsSync('dist/handler/rds-certificates.gz') &&
    fs.existsSync('dist/handler/saslprep.js') &&
    sources.every((source) => fs.existsSync(outputOf(source)))
  );
}

function isComplete() {
  return sources
    .filter((file) => file.endsWith('.ts'))
    .every((source) => fs.existsSync(outputOf(source)));
}

function compile() {
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
  // The compiler keeps no file modes; npm sets this one at install, a checkout does not.
  if (fs.existsSync('dist/bin/pontoon.js')) fs.chmodSync('dist/bin/pontoon.js', 0o755);
}

function copyAssets() {
  for (const source of sources.filter((file) => !file.endsWith('.ts'))) {
    fs.mkdirSync(path.dirname(outputOf(source)), { recursive: true });
    fs.copyFileSync(source, outputOf(source));
  }
}

/** Deletes what a source that is gone, or was renamed, once compiled to. */
function removeOrphans() {
  const wanted = new Set(sources.map(outputOf));
  for (const file of ROOTS.flatMap((dir) => filesBelow(path.join('dist', dir)))) {
    if (!wanted.has(file) && !wanted.has(file.replace(/\.d\.ts$/, '.js'))) fs.rmSync(file);
  }
}

function outputOf(source) {
  return path.join('dist', source.replace(/\.ts$/, '.js'));
}

function filesBelow(dir) {
  if (!fs.existsSync(dir)) return [];
  return fs
    .readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

function digest(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file}\0`).update(fs.readFileSync(file)).update('\0');
  return hash.digest('hex');
}

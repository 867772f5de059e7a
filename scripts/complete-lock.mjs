// Adds to package-lock.json the platform packages that npm left out of it.
//
// npm drops an optional package from the lock when the registry at hand does not carry it, and then
// `npm ci` refuses that lock everywhere. Run this after `npm install` changed the lock; it needs no
// network. The entries carry no integrity: nobody here has seen those files.
import * as fs from 'node:fs';

const LOCK = 'package-lock.json';
const OS = /\b(android|darwin|freebsd|linux|openharmony|win32)\b/;
const CPU = /\b(arm64|arm|ia32|loong64|ppc64|riscv64|s390x|x64)\b/;
const EXACT = /^\d+\.\d+\.\d+(-[\w.]+)?$/;

const lock = JSON.parse(fs.readFileSync(LOCK, 'utf8'));
const added = {};
for (const [location, parent] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    if (!isLocked(name, location)) added[`node_modules/${name}`] = entry(name, version, parent);
  }
}

const names = Object.keys(added);
if (process.argv.includes('--check')) {
  if (names.length > 0) {
    console.error(`'${LOCK}' must lock every platform, got none for ${names.join(', ')}`);
    console.error('run `node scripts/complete-lock.mjs`');
    process.exitCode = 1;
  }
} else if (names.length > 0) {
  const packages = Object.entries({ ...lock.packages, ...added });
  packages.sort(([a], [b]) => a.localeCompare(b, 'en'));
  fs.writeFileSync(
    LOCK,
    `${JSON.stringify({ ...lock, packages: Object.fromEntries(packages) }, null, 2)}\n`,
  );
  console.log(`added ${names.length} packages`);
}

/** Whether Node, asked from `location`, would find the package at a place that the lock knows. */
function isLocked(name, location) {
  for (let dir = location; ; dir = dir.slice(0, Math.max(0, dir.lastIndexOf('/node_modules/')))) {
    if (`${dir ? `${dir}/` : ''}node_modules/${name}` in lock.packages) return true;
    if (dir === '') return false;
  }
}

function entry(name, version, { dev }) {
  const os = OS.exec(name)?.[0];
  const cpu = CPU.exec(name)?.[0];
  if (!EXACT.test(version) || !os || !cpu) {
    throw new Error(`cannot lock ${name}@${version}: its name does not tell its platform`);
  }
  const libc = { musl: 'musl', gnu: 'glibc' }[name.split('-').at(-1) ?? ''];
  return {
    version,
    cpu: [cpu],
    ...(dev ? { dev } : {}),
    ...(os === 'linux' && libc ? { libc: [libc] } : {}),
    optional: true,
    os: [os],
  };
}

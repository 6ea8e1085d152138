// Runs the tests of test/: bundles them, since Node does not read TypeScript.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

const folder = mkdtempSync(join(tmpdir(), 'helix-pages-'));
try {
    const entryPoints = readdirSync('test').map(name => join('test', name));
    await build({
        entryPoints,
        bundle: true,
        platform: 'node',
        format: 'esm',
        outdir: folder,
        outExtension: { '.js': '.mjs' },
    });
    const files = readdirSync(folder).map(name => join(folder, name));
    process.exitCode = spawnSync(process.execPath, ['--test', ...files], { stdio: 'inherit' }).status ?? 1;
} finally {
    rmSync(folder, { recursive: true });
}

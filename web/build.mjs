// Builds the pages into dist/: hashed scripts and styles, a page of HTML for each entry, and everything gzipped beside itself.
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const dist = 'dist';
// The path of a page, its entry in src/, and its title.
const pages = [
    { path: 'analytics/operations', entry: 'src/operations.tsx', title: 'Operations · helix' },
    { path: 'settings', entry: 'src/settings_entry.tsx', title: 'Settings · helix' },
];

rmSync(dist, { recursive: true, force: true });
const { metafile } = await build({
    entryPoints: ['src/icon.svg', ...pages.map(page => page.entry)],
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    metafile: true,
    legalComments: 'none', // they are in licenses.txt
    define: { 'process.env.NODE_ENV': '"production"' },
    jsx: 'automatic',
    jsxImportSource: 'preact',
    outdir: join(dist, 'assets'),
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    loader: { '.svg': 'copy' },
});

// Where the build has put what came from a source.
function output(source) {
    return Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === source);
}

function html({ entry, title }) {
    const [script, { cssBundle }] = output(entry);
    const icon = Object.keys(metafile.outputs).find(name => /icon-[^/]*\.svg$/.test(name));
    const address = name => `/${name.slice(dist.length + 1)}`;
    return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="${address(icon)}" type="image/svg+xml">
<link rel="stylesheet" href="${address(cssBundle)}">
<script type="module" src="${address(script)}"></script>
</head>
<body>
<div id="page"><noscript>This page needs JavaScript.</noscript></div>
</body>
</html>
`;
}

for (const page of pages) {
    const file = join(dist, `${page.path}.html`);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, html(page));
}
cpSync('config.json', join(dist, 'config.json'));
const licenses = ['preact', 'echarts', 'zrender', 'tslib'].map(name => {
    const file = readdirSync(`node_modules/${name}`).find(entry => /^(LICENSE|LICENCE|COPYING)/i.test(entry));
    return `== ${name}\n\n${readFileSync(`node_modules/${name}/${file}`, 'utf8')}`;
});
writeFileSync(join(dist, 'licenses.txt'), licenses.join('\n'));

let total = 0;
for (const name of readdirSync(dist, { recursive: true })) {
    const file = join(dist, name);
    if (!statSync(file).isFile()) continue;
    const zipped = gzipSync(readFileSync(file), { level: 9 });
    writeFileSync(`${file}.gz`, zipped);
    if (!/licenses/.test(name)) total += zipped.length;
    console.log(`${String(zipped.length).padStart(8)} bytes gzipped  ${name}`);
}
console.log(`${String(total).padStart(8)} bytes gzipped  in all`);

// Bundles the page assets: every *.js and *.css that lies directly in this folder becomes one file in
// lti_tool/static/, named after its content so that browsers may keep it for ever, and manifest.json
// there says which name each source got: {"app.js": "app-ABCD1234.js"}. The files of the builds before this one stay
// for a while (builds.json lists them): pages that are open, or were rendered a moment ago, still ask for them.
//
//   node lti_tool/assets/build.mjs            once, minified
//   node lti_tool/assets/build.mjs --watch    again after every change, not minified, until stopped

import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const source = path.dirname(fileURLToPath(import.meta.url));
const outdir = path.join(source, "..", "static");
const watch = process.argv.includes("--watch");
const KEPT_BUILDS = 3;

const entryPoints = (await readdir(source))
  .filter((name) => /\.(js|css)$/.test(name))
  .map((name) => path.join(source, name));

/** What each source file is called now; only pages' own files, not the chunks that they share. */
function namesOf(metafile) {
  const names = {};
  for (const [output, { entryPoint }] of Object.entries(metafile.outputs)) {
    // Modules that a page fetches later are entry points too, and named nowhere.
    if (entryPoint && path.dirname(path.resolve(entryPoint)) === source) names[path.basename(entryPoint)] = path.relative(outdir, path.resolve(output));
  }
  return Object.fromEntries(Object.entries(names).sort());
}

/** Writes a file whole or not at all, for a server may be reading it. */
async function writeJson(name, content) {
  const draft = path.join(outdir, `${name}.new`);
  await writeFile(draft, JSON.stringify(content, null, 2) + "\n");
  await rename(draft, path.join(outdir, name));
}

/** The files of the last builds that differ, the newest first. */
async function builds(metafile) {
  const files = Object.keys(metafile.outputs).map((output) => path.relative(outdir, path.resolve(output)));
  const present = JSON.stringify(files.sort());
  const before = await readFile(path.join(outdir, "builds.json"), "utf8").then(JSON.parse, () => []);
  const others = before.filter((build) => JSON.stringify(build) !== present);
  return [JSON.parse(present), ...others].slice(0, KEPT_BUILDS);
}

async function removeOthers(wanted) {
  for (const entry of await readdir(outdir, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath ?? entry.path, entry.name);
    if (entry.isFile() && !wanted.has(path.relative(outdir, file))) await rm(file);
  }
}

const manifest = {
  name: "manifest",
  setup(build) {
    build.onEnd(async ({ errors, metafile }) => {
      if (errors.length) return;
      const names = namesOf(metafile);
      const kept = await builds(metafile);
      await writeJson("builds.json", kept);
      await writeJson("manifest.json", names);
      await removeOthers(new Set(["manifest.json", "builds.json", ...kept.flat()]));
      const bytes = Object.values(metafile.outputs).reduce((sum, output) => sum + output.bytes, 0);
      console.log(`  ${Object.keys(names).join(", ")}: ${(bytes / 1024).toFixed(0)} KB in lti_tool/static/`);
    });
  },
};

const options = {
  entryPoints,
  outdir,
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["chrome111", "edge111", "firefox115", "safari16.4"],
  minify: !watch,
  sourcemap: watch ? "linked" : false,
  legalComments: "linked",
  entryNames: "[name]-[hash]",
  chunkNames: "chunks/[name]-[hash]",
  assetNames: "media/[name]-[hash]",
  loader: { ".svg": "file", ".png": "file", ".woff2": "file" },
  metafile: true,
  logLevel: "warning",
  plugins: [manifest],
};

if (watch) {
  await (await esbuild.context(options)).watch();
} else {
  await esbuild.build(options).catch(() => process.exit(1)); // esbuild has printed what is wrong
}

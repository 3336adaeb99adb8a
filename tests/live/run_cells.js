// Run cells under Pyodide, in Node: the page's own Python, without a browser.
// usage: node run_cells.js RUNTIME, with {files, pages: {name: [source]}} on stdin; the answers, for
// each page [{ok, sent: [[kind, text]]}], go to stdout.
"use strict";

const { readFileSync } = require("node:fs");
const [runtime] = process.argv.slice(2);
const { loadPyodide } = require(`${runtime}/pyodide.js`);

async function main() {
  const { files, pages } = JSON.parse(readFileSync(0, "utf8"));
  const quiet = () => {};
  const python = await loadPyodide({
    indexURL: runtime, packageCacheDir: runtime, stdout: console.error,
  });
  python.FS.mkdir("/live");
  for (const [name, base64] of Object.entries(files)) {
    const data = new Uint8Array(Buffer.from(base64, "base64")); // no Buffer
    if (name.endsWith(".zip")) python.unpackArchive(data, "zip", { extractDir: "/live" });
    else python.FS.writeFile(`/live/${name}`, data);
  }
  python.runPython('import sys; sys.path.insert(0, "/live")');
  await python.loadPackage(["numpy"], { messageCallback: quiet });
  const runner = python.pyimport("runner");
  const answers = {};
  for (const [name, sources] of Object.entries(pages)) {
    for (const wheel of runner.wheels(python.toPy(sources))) {
      if (!(wheel in python.loadedPackages)) await python.loadPackage(wheel, { messageCallback: quiet });
    }
    let sent = [];
    const session = runner.Session((kind, text) => sent.push([kind, text]));
    answers[name] = sources.map((source, i) => {
      sent = [];
      return { ok: session.run(source, String(i + 1)), sent };
    });
  }
  process.stdout.write(JSON.stringify(answers));
}

main();

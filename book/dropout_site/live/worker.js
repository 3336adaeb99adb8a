// Python beside the page: runs cells, so that an endless loop leaves the page alive.
//
// All that is fetched has its digest here, in the page, or in Pyodide's lock file, whose own digest
// is here: a file that is not the one that was tested is refused by the browser and never run.
"use strict";

const PYODIDE = {
  // 0.27.7
  "pyodide.js": "sha256-tMsjpTq6GcIhZZuftAovGCgdaFaR3AZkf7Cv0Ggbr5g=",
  "pyodide.asm.js": "sha256-a0yQ3ltxcoc/BPIYhNDp0idOMF/jIRZVj+Pk++NhjVE=",
  "pyodide.asm.wasm": "sha256-pQ3RhD+AWgt8RbYQN+4Neybf6F7+DhjvlaNK0k5AH18=",
  "python_stdlib.zip": "sha256-FmEVNHJuXYrCvY+SZBCy3LjW9JqiSRNGNTO0V6IRXBY=",
  "pyodide-lock.json": "sha256-nEW5FgAadQ9BAvwodJTz6rIVkJx1NcYmog24D9YzPiw=",
};
const SIZES = { python: "9 MB", matplotlib: "10 MB" }; // compressed, with what they need

const fetchAny = self.fetch.bind(self);
let problem = null; // the first thing that could not be fetched, in words
let settings, python, session;

const post = (kind, text) => self.postMessage({ kind, text });

/** Fetch a file with the digest that it must have. */
async function fetchChecked(url, integrity) {
  for (const cache of ["default", "reload"]) { // a bad copy may have been kept
    const answer = await fetchAny(url, { integrity, cache }).catch(() => null);
    if (answer?.ok) return answer;
  }
  const { host, pathname } = new URL(url);
  const there = await fetchAny(url, { method: "HEAD", cache: "no-store" }).catch(() => null);
  const name = pathname.split("/").pop();
  problem ??= !there ? host
    : there.ok ? `${host} sent a ${name} that is not the one this page was tested with, so it was not run.`
    : `${host} has no ${name}.`;
  // At once: Pyodide waits for ever for a part that was refused.
  post(there ? "broken" : "unreachable", problem);
  throw new Error(problem);
}

// Pyodide fetches its own parts by this.
self.fetch = (resource, options = {}) => {
  const url = new URL(resource.url ?? resource, self.location).href;
  if (!url.startsWith(settings.runtime)) return fetchAny(resource, options);
  const integrity = PYODIDE[url.slice(settings.runtime.length)] ?? options.integrity;
  return integrity
    ? fetchChecked(url, integrity)
    : Promise.reject(new Error(`no digest is known for ${url}`));
};

async function importChecked(name) {
  const code = await (await self.fetch(settings.runtime + name)).blob();
  importScripts(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
}

async function start() {
  post("status", `Starting Python (fetched once, ${SIZES.python}) …`);
  await importChecked("pyodide.js");
  await importChecked("pyodide.asm.js"); // else Pyodide would import it unchecked
  python = await loadPyodide({ indexURL: settings.runtime });
  await load("numpy");
  const folder = "/live";
  python.FS.mkdir(folder);
  for (const [name, integrity] of Object.entries(settings.files)) {
    const answer = await fetchChecked(settings.site + name, integrity);
    const data = await answer.arrayBuffer();
    if (name.endsWith(".zip")) python.unpackArchive(data, "zip", { extractDir: folder });
    else python.FS.writeFile(`${folder}/${name}`, new Uint8Array(data));
  }
  python.runPython(`import sys; sys.path.insert(0, "${folder}")`);
}

async function load(wheel) {
  // It only logs what fails; and without `checkIntegrity` any other option turns the check off.
  const quiet = () => {};
  await python.loadPackage(wheel, {
    checkIntegrity: true, messageCallback: quiet, errorCallback: quiet,
  });
  if (problem) throw new Error(problem);
}

async function run({ fresh, above, cell }) {
  if (!python) await start();
  const runner = python.pyimport("runner");
  const sources = python.toPy([...above, cell].map((c) => c.source));
  for (const wheel of runner.wheels(sources)) {
    if (wheel in python.loadedPackages) continue;
    post("status", `Starting ${wheel} (fetched once, ${SIZES[wheel]}) …`);
    await load(wheel);
  }
  if (fresh || !session) session = runner.Session(post);
  if (above.length) post("status", "Running the cells above …");
  for (const { source, label } of above) {
    if (!session.run.callKwargs(source, label, { quiet: true })) return "above";
    post("ran", label);
  }
  post("status", "Running …");
  return session.run(cell.source, cell.label, cell.alt) ? "done" : "error";
}

self.onmessage = async ({ data }) => {
  settings ??= data.settings;
  try {
    post("end", await run(data));
  } catch (error) {
    // Nothing of the reader's own gets here: Python was not loaded, or has broken down.
    post("broken", problem ?? `Python has broken down (${String(error).slice(0, 300)}).`);
  }
};

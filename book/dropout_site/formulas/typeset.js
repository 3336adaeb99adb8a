// Node, while the site is built: reads a list of [TeX, display] from its input and writes what
// MathJax makes of each, and the rules that all of them need. Its one argument is MathJax's folder.
const { readFileSync } = require("node:fs");
const { join } = require("node:path");

async function typeset(formulas) {
  const MathJax = await require(join(process.argv[2], "node-main.js")).init({
    loader: {
      // Not the ready bundle. The last one makes the MathML that a screen reader reads.
      load: ["input/tex-base", "[tex]/ams", "output/chtml", "adaptors/liteDOM", "a11y/assistive-mml"],
      versionWarnings: false,
    },
    tex: {
      packages: ["base", "ams"],
      // MathJax would draw the error into the page.
      formatError: (_, error) => {
        throw error;
      },
    },
    chtml: { fontURL: "fonts", displayAlign: "left" },
  });
  const { adaptor } = MathJax.startup;
  const drawn = formulas.map(([tex, display]) => {
    try {
      return adaptor.outerHTML(MathJax.tex2chtml(tex, { display }));
    } catch (error) {
      throw new Error(`${error.message}, in the formula ${tex}`);
    }
  });
  return { drawn, rules: adaptor.textContent(MathJax.chtmlStylesheet()) };
}

typeset(JSON.parse(readFileSync(0, "utf8"))).then(
  (result) => process.stdout.write(JSON.stringify(result)),
  (error) => {
    process.stderr.write(error.message);
    process.exitCode = 1;
  },
);

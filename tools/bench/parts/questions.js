// Node: reads {data, typed} from its input, searches after each key of what is typed, and writes
// what a key press and the reading of the index take, in milliseconds. Its arguments are scripts.
const { readFileSync } = require("node:fs");
const vm = require("node:vm");

const { data, typed } = JSON.parse(readFileSync(0, "utf8"));
const source = process.argv.slice(2).map((file) => readFileSync(file, "utf8")).join("\n");
const Ranking = vm.runInThisContext(`${source}\nRanking`);

const began = performance.now();
const index = Ranking.read(data);
const read = performance.now() - began;
const once = () => {
  const start = performance.now();
  for (const text of typed)
    for (let end = 1; end <= text.length; end++) Ranking.search(index, text.slice(0, end));
  return (performance.now() - start) / typed.join("").length;
};
once();
const key = Math.min(...Array.from({ length: 5 }, once));
process.stdout.write(JSON.stringify({ "ms a key press": key, "ms of reading the index": read }));

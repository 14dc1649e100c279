// Reads one statement a line, and answers with one line each: the list of what is wrong with it, by path.

const { createInterface } = require("node:readline");
const warningsOf = require("@learninglocker/xapi-validation").default;

createInterface({ input: process.stdin }).on("line", (line) => {
  const found = warningsOf(JSON.parse(line)).map(({ path, name, typeName, keys, data }) => {
    const wrong = [name, typeName, keys && keys.join(", ")].filter(Boolean).join(" ");
    return `${path.join(".")}: ${wrong} ${JSON.stringify(data) ?? ""}`.trim().slice(0, 300);
  });
  process.stdout.write(JSON.stringify(found) + "\n");
});

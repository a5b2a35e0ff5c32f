// Decodes a request of OTLP with the messages that OpenTelemetry generates for JavaScript: node decode.cjs MODULES logs|metrics PROTOBUF JSON.
// Both encodings must say the same; prints that as JSON.
const { deepStrictEqual } = require('node:assert');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const [modules, signal, binary, text] = process.argv.slice(2);
const root = require(join(modules, '@opentelemetry/otlp-transformer/build/src/generated/root.js'));
const { collector } = root.opentelemetry.proto;
const type = signal === 'logs' ? collector.logs.v1.ExportLogsServiceRequest : collector.metrics.v1.ExportMetricsServiceRequest;
const plain = (message) => type.toObject(message, { longs: String, bytes: String, enums: Number, json: true });

const decoded = plain(type.decode(readFileSync(binary)));
const parsed = JSON.parse(readFileSync(text, 'utf8'));
deepStrictEqual(plain(type.fromObject(parsed)), decoded);
console.log(JSON.stringify(decoded));

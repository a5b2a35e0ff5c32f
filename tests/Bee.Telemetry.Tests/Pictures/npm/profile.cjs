// Prints a pprof profile as lines: node profile.cjs NODE_MODULES FILE
const { createRequire } = require('node:module');
const { readFileSync } = require('node:fs');
const { gunzipSync } = require('node:zlib');
const { Profile } = createRequire(process.argv[2] + '/')('pprof-format');

const profile = Profile.decode(gunzipSync(readFileSync(process.argv[3])));
const text = index => profile.stringTable.strings[Number(index)];
const byId = list => new Map(list.map(one => [Number(one.id), one]));
const [locations, functions, mappings] = [byId(profile.location), byId(profile.function), byId(profile.mapping)];
console.log(`type ${profile.sampleType.map(type => `${text(type.type)}/${text(type.unit)}`)}`);
console.log(`comment ${profile.comment.map(text)}`);
for (const mapping of profile.mapping) console.log(`mapping ${text(mapping.filename)} ${text(mapping.buildId)} ${mapping.hasFunctions}`);
for (const sample of profile.sample) {
  const names = sample.locationId.map(id => {
    const location = locations.get(Number(id));
    const mapping = mappings.get(Number(location.mappingId));
    if (mapping && (BigInt(location.address) < BigInt(mapping.memoryStart) || BigInt(location.address) >= BigInt(mapping.memoryLimit))) throw new Error('an address outside of its mapping');
    return text(functions.get(Number(location.line[0].functionId)).name);
  });
  const labels = sample.label.map(label => `${text(label.key)}=${text(label.str)}`);
  console.log(`sample ${names.join(' ')} | ${labels} | ${sample.value}`);
}

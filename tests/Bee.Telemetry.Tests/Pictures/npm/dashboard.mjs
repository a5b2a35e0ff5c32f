// Writes a TypeScript file that assigns dashboards to Grafana's types: node dashboard.mjs OUT BOARD.json...
import { readFileSync, writeFileSync } from 'node:fs';

const [out, ...files] = process.argv.slice(2);
const panels = { timeseries: 'TimeSeries', heatmap: 'Heatmap', stat: 'Stat' };
let text = `import type { Dashboard } from '@grafana/schema';\n`;
for (const [kind, name] of Object.entries(panels)) {
  text += `import type * as ${kind} from '@grafana/schema/dist/esm/raw/composable/${kind}/panelcfg/x/${name}PanelCfg_types.gen';\n`;
}
// JSON has the values of enums.
text += 'type Plain<T> = T extends string ? `${T}` : T extends number | boolean | null | undefined ? T : T extends (infer U)[] ? Plain<U>[] : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;\n';
files.forEach((file, i) => {
  const board = JSON.parse(readFileSync(file, 'utf8'));
  text += `export const board${i}: Plain<Dashboard> = ${JSON.stringify(board, null, 1)};\n`;
  for (const panel of board.panels.filter(panel => panel.type !== 'row')) {
    text += `export const options${i}_${panel.id}: Plain<${panel.type}.Options> = ${JSON.stringify(panel.options)};\n`;
    if (panel.type !== 'stat') text += `export const custom${i}_${panel.id}: Plain<${panel.type}.FieldConfig> = ${JSON.stringify(panel.fieldConfig.defaults.custom)};\n`;
  }
});
writeFileSync(out, text);

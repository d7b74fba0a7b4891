import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './bundle.js';

/**
 * The licences of all bundled packages, from their own files, since they require their notices in
 * copies. The build fails if a licence is not found.
 */
export function thirdPartyLicences(metafiles) {
  const packages = new Map();
  for (const file of bundledFiles(metafiles)) {
    const folder = packageOf(file);
    packages.set(folder, [...(packages.get(folder) ?? []), file]);
  }
  const texts = [...packages.keys()].map((folder) => licenceOf(folder, packages.get(folder)));
  return `servo-tui is bundled with code of these packages.\n\n${texts.sort().join('\n')}`;
}

/** Files of dependencies in the outputs, without those that were tree-shaken. */
function bundledFiles(metafiles) {
  const outputs = metafiles.flatMap((metafile) => Object.values(metafile.outputs));
  const inputs = outputs.flatMap((output) => Object.entries(output.inputs));
  const files = inputs.filter(([file, { bytesInOutput }]) => bytesInOutput > 0 && packageOf(file));
  return new Set(files.map(([file]) => file));
}

/** Of nested packages the innermost: `node_modules/a/node_modules/b/index.js` belongs to b. */
function packageOf(file) {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
}

const read = (...path) => readFileSync(join(root, ...path), 'utf8').trim();

function licenceOf(folder, files) {
  const { name, version, license } = JSON.parse(read(folder, 'package.json'));
  const texts = [...ownTexts(folder), ...besideCode(folder, files)];
  const text = texts.join('\n\n') || inReadme(folder) || byCopyright(license, files);
  if (!text) throw new Error(`${folder} is bundled, and has no text of its licence (${license})`);
  const title = `${name} ${version} (${license})`;
  return `${title}\n${'-'.repeat(title.length)}\n\n${text}\n`;
}

function ownTexts(folder) {
  const names = readdirSync(join(root, folder));
  return names
    .filter((name) => /^(licen[cs]e|copying|notice)/i.test(name))
    .map((name) => read(folder, name));
}

/** For packages that bundle others, such as meow. */
function besideCode(folder, files) {
  const folders = [...new Set(files.map((file) => dirname(file)))].filter((one) => one !== folder);
  return folders.flatMap(ownTexts);
}

function inReadme(folder) {
  const name = readdirSync(join(root, folder)).find((one) => /^readme/i.test(one));
  const section = name && /^#+ *licen[cs]e\s+([\s\S]*)/im.exec(read(folder, name))?.[1];
  return section && /permission is hereby granted/i.test(section) ? section : undefined;
}

/** yoga-layout has no licence text, only its name and a copyright line in the code. */
function byCopyright(license, files) {
  const copyrights = files.flatMap((file) => read(file).match(/Copyright \(c\) .*/) ?? []);
  if (license !== 'MIT' || copyrights.length === 0) return undefined;
  return `MIT License\n\n${copyrights[0]}\n\n${read('LICENSE').replace(/^[\s\S]*?(?=Permission)/, '')}`;
}

// Run before every command, by whatever Node the machine has: it must be readable for an old one.
const major = Number(process.versions.node.split(".")[0]);
if (major < 24) {
  console.error(`Node 24 or newer is needed, and this is ${process.versions.node} (${process.execPath}).`);
  console.error("On Linux x64 and arm64 `npm ci` brings Node 24 along, and npm's scripts then run on it.");
  console.error("Elsewhere install Node 24, for example with `nvm install` or from https://nodejs.org, and try again.");
  process.exit(1);
}

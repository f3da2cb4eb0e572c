// Compiles every contract of this folder in three compiler settings and writes
// <folder>/<Name>.<setting>.json beside its source.
//
//   node compile.mjs           write the files
//   node compile.mjs --check   compare instead, and fail if any differs

import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import solc from "solc";

const here = dirname(fileURLToPath(import.meta.url));
const check = process.argv.includes("--check");

const EVM_VERSION = "cancun";
const SETTINGS = {
  noopt: { optimizer: false, viaIR: false },
  opt: { optimizer: true, viaIR: false },
  ir: { optimizer: true, viaIR: true },
};
const RUNS = 200;

const read = (path) => readFileSync(path, "utf8");
const library = "@openzeppelin/contracts";
const libraryVersion = JSON.parse(read(join(here, "node_modules", library, "package.json"))).version;

function sources() {
  return readdirSync(here, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "node_modules")
    .flatMap((folder) => readdirSync(join(here, folder.name)).map((file) => `${folder.name}/${file}`))
    .filter((path) => path.endsWith(".sol"))
    .sort();
}

function findImport(path) {
  const file = join(here, "node_modules", path);
  return existsSync(file) ? { contents: read(file) } : { error: `${path} is not installed; run npm ci` };
}

// One contract to a compilation: syntax-tree ids, which name the immutables,
// then do not depend on the other contracts.
function compile(sourceName, { optimizer, viaIR }) {
  const input = {
    language: "Solidity",
    sources: { [sourceName]: { content: read(join(here, sourceName)) } },
    settings: {
      evmVersion: EVM_VERSION,
      optimizer: { enabled: optimizer, runs: RUNS },
      viaIR,
      // Without the metadata hash the code depends on the sources' meaning
      // alone, not on their comments.
      metadata: { bytecodeHash: "none" },
      outputSelection: {
        [sourceName]: { "*": ["abi", "evm.methodIdentifiers", "evm.deployedBytecode", "storageLayout"] },
      },
    },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: findImport }));
  const errors = (output.errors ?? []).filter((error) => error.severity === "error");
  if (errors.length > 0) {
    console.error(errors.map((error) => error.formattedMessage).join("\n"));
    process.exit(1);
  }

  const contractName = basename(sourceName, ".sol");
  const { abi, evm, storageLayout } = output.contracts[sourceName][contractName];
  const usesLibrary = Object.keys(output.sources).some((path) => path.startsWith(library));
  return {
    contractName,
    sourceName,
    license: "MIT",
    compiler: {
      name: "solc",
      version: solc.version().replace(".Emscripten.clang", ""),
      optimizer,
      runs: optimizer ? RUNS : null,
      viaIR,
      evmVersion: EVM_VERSION,
      openzeppelin: usesLibrary ? libraryVersion : null,
    },
    abi,
    methodIdentifiers: evm.methodIdentifiers,
    // Struct, enum and contract types carry a syntax-tree id, as in
    // t_struct(Deal)25_storage; only the name says anything.
    storageLayout: storageLayout.storage.map(({ label, slot, offset, type }) => ({
      label,
      slot,
      offset,
      type: type.replace(/\)\d+/g, ")"),
    })),
    deployedBytecode: {
      object: `0x${evm.deployedBytecode.object}`,
      immutableReferences: evm.deployedBytecode.immutableReferences ?? {},
    },
  };
}

const differing = [];
for (const sourceName of sources()) {
  for (const [setting, options] of Object.entries(SETTINGS)) {
    const target = sourceName.replace(/\.sol$/, `.${setting}.json`);
    const file = join(here, target);
    const text = JSON.stringify(compile(sourceName, options), null, 2) + "\n";
    if (!check) writeFileSync(file, text);
    else if (!existsSync(file) || read(file) !== text) differing.push(target);
  }
}
if (differing.length > 0) {
  console.error(`out of date:\n  ${differing.join("\n  ")}`);
  process.exit(1);
}

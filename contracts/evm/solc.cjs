#!/usr/bin/env node
// The npm solc behind the two options that forge asks of a compiler: `--version` and `--standard-json`. forge leaves out
// files that are reached only from outside this folder; they are read from disk.
'use strict';
const { readFileSync } = require('node:fs');
const { resolve } = require('node:path');
const solc = require('solc');

function readImport(path) {
  try {
    return { contents: readFileSync(resolve(__dirname, path), 'utf8') };
  } catch {
    return { error: `not found: ${path}` };
  }
}

if (process.argv.includes('--version')) {
  const version = solc.version().replace('.Emscripten.clang', '.Linux.g++');
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`);
} else {
  process.stdout.write(solc.compile(readFileSync(0, 'utf8'), { import: readImport }));
}

// Leaves in Sequelize's package.json the packages that its tests on MySQL need, and its tests an account without a password.
const fs = require('fs');

const needed = ['acorn', 'chai', 'chai-as-promised', 'chai-datetime', 'cls-hooked', 'copyfiles', 'delay', 'esbuild', 'fast-glob', 'fs-jetpack',
  'js-combinatorics', 'mocha', 'module-alias', 'mysql2', 'node-hook', 'p-map', 'p-props', 'p-settle', 'p-timeout', 'pg', 'pg-hstore', 'rimraf',
  'sinon', 'sinon-chai', 'source-map-support', 'typescript'];
const description = JSON.parse(fs.readFileSync('package.json'));
for (const name of Object.keys(description.devDependencies)) {
  if (!needed.includes(name)) delete description.devDependencies[name];
}
description.devDependencies.mysql2 = '^3';
for (const script of ['prepare', 'postinstall']) delete description.scripts[script];
fs.writeFileSync('package.json', JSON.stringify(description, null, 2));

const config = 'test/config/config.js';
const account = "env.SEQ_MYSQL_PW || env.SEQ_PW || 'sequelize_test'";
fs.writeFileSync(config, fs.readFileSync(config, 'utf8').replace(account, "''"));

// The cells of the matrix for the connectors of Node: `matrix.js node-mysql2|node-mariadb cells|failover|version`.
// What a cell is: ../src/lib.rs.
'use strict';

const [name, mode, ...only] = process.argv.slice(2);
const isMysql2 = name === 'node-mysql2';
const library = isMysql2 ? require('mysql2/promise') : require('mariadb');
const env = key => process.env['MATRIX_' + key] || '';
const columns = env('COLUMNS').split(',').map(column => column.split(':'));
const names = columns.map(([column]) => column).join(', ');
const rows = { 1: env('ROW_1').split('\t'), 2: env('ROW_2').split('\t') };
const big = '0123456789abcdef'.repeat(17 * 65536);

class Skip extends Error {}

function check(found, wanted, what) {
  const text = value => JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? v + 'n' : v)) || String(value);
  if (text(found) !== text(wanted)) throw new Error(`${what}: ${text(found).slice(0, 200)}, not ${text(wanted).slice(0, 200)}`);
}

function options(more = {}) {
  const common = { host: env('HOST'), port: Number(env('PORT')), user: 'root', database: env('DATABASE'), multipleStatements: true, dateStrings: true,
    connectTimeout: 3000, timezone: '+00:00' };
  if (isMysql2) Object.assign(common, { supportBigNumbers: true, bigNumberStrings: true, charset: 'utf8mb4', flags: ['-FOUND_ROWS'] });
  else Object.assign(common, { bigIntAsNumber: false, checkNumberRange: true, decimalAsNumber: false, foundRows: false, allowPublicKeyRetrieval: true,
    insertIdAsNumber: true, maxAllowedPacket: 64 << 20, socketTimeout: 20000 });
  return Object.assign(common, more);
}

const connect = more => library.createConnection(options(more));

// Rows of a query, or the summary of a statement; prepared or as text.
async function run(connection, statement, values, prepared) {
  const how = prepared ? 'execute' : 'query';
  const done = await connection[how](statement, values);
  return isMysql2 ? done[0] : done;
}

async function login(user, tls) {
  if (!user) throw new Skip('this server has no mysql_native_password');
  const connection = await connect({ user, password: env('PASSWORD'), ssl: tls ? { rejectUnauthorized: false } : undefined });
  check((await run(connection, 'SELECT CURRENT_USER() AS u'))[0].u, `${user}@%`, 'who it is');
  const [{ Value: cipher }] = await run(connection, "SHOW SESSION STATUS LIKE 'Ssl_cipher'");
  check(cipher !== '', tls, 'encrypted');
  await connection.end();
}

// What an application would send.
function native(kind, column, text) {
  if (text === null) return null;
  if (kind === 'i') return column.endsWith('64') ? (isMysql2 ? text : BigInt(text)) : Number(text);
  if (kind === 'f') return Number(text);
  if (kind === 'b') return Buffer.from(text, 'hex');
  return text;
}

// What was read, as the text that it should be.
function shown(kind, value) {
  if (value === null) return null;
  if (Buffer.isBuffer(value)) return value.toString('hex');
  return String(value);
}

async function types(prepared, ids, isNull) {
  const connection = await connect();
  for (const id of ids) {
    const texts = isNull ? columns.map(() => null) : rows[id % 10];
    const values = columns.map(([column, kind], i) => native(kind, column, texts[i]));
    await run(connection, 'DELETE FROM written WHERE id = ?', [id], prepared);
    await run(connection, `INSERT INTO written (id, ${names}) VALUES (?${', ?'.repeat(columns.length)})`, [id, ...values], prepared);
    const [same] = await run(connection, env('SAME').replace('COUNT(*)', 'COUNT(*) AS n') + id);
    check(Number(same.n), 1, `row ${id} as the server has it`);
    for (const [table, key] of [['expected', id % 10], ['written', id]]) {
      const [row] = await run(connection, `SELECT ${names} FROM ${table} WHERE id = ?`, [key], prepared);
      columns.forEach(([column, kind], i) => {
        // mysql2 leaves out a fraction of zeros in the binary protocol.
        const bare = text => (text !== null && kind === 'D' ? text.replace(/\.0+$/, '') : text);
        const wanted = kind === 'f' && texts[i] !== null ? String(Number(texts[i])) : texts[i];
        check(bare(shown(kind, row[column])), bare(wanted), `${table} ${key} ${column}`);
      });
    }
  }
  await connection.end();
}

async function zeroDates() {
  const connection = await connect();
  await run(connection, "SET sql_mode = ''");
  for (const prepared of [false, true]) {
    await run(connection, 'REPLACE INTO zero VALUES (1, ?, ?)', ['0000-00-00', '0000-00-00 00:00:00'], prepared);
    const [row] = await run(connection, 'SELECT d, t, CONCAT(d) AS text FROM zero', [], prepared);
    check(row.text, '0000-00-00', 'as text');
    check(['0000-00-00', null].includes(row.d) && ['0000-00-00 00:00:00', null].includes(row.t), true, `${row.d} ${row.t}`);
  }
  await connection.end();
}

async function warnings() {
  const connection = await connect();
  if (isMysql2) {
    await run(connection, 'INSERT IGNORE INTO counts VALUES (1, 1)').then(result => check(result.warningStatus, 1, 'count'));
  } else {
    const result = await run(connection, 'INSERT IGNORE INTO counts VALUES (1, 1)');
    check(result.warningStatus, 1, 'count');
  }
  const [row] = await run(connection, 'SHOW WARNINGS');
  check([row.Level, Number(row.Code), row.Message], ['Warning', 1062, "Duplicate entry '1' for key 'counts.PRIMARY'"], 'warning');
  await connection.end();
}

async function errors() {
  const connection = await connect();
  const cases = [['SELECT * FROM missing', 1146, '42S02', `Table '${env('DATABASE')}.missing' doesn't exist`],
    ['INSERT INTO counts (id) VALUES (1)', 1062, '23000', "Duplicate entry '1' for key 'counts.PRIMARY'"],
    ['SELECT nothing FROM counts', 1054, '42S22', "Unknown column 'nothing' in 'field list'"]];
  for (const prepared of [false, true]) {
    for (const [statement, number, state, message] of cases) {
      const error = await run(connection, statement, [], prepared).then(() => null, error => error);
      check([error.errno, error.sqlState, (error.sqlMessage || error.message).includes(message)], [number, state, true], error.message);
    }
  }
  await connection.end();
}

async function multi() {
  const connection = await connect();
  const results = await run(connection, "SELECT 1 AS a; DO 0; SELECT 2 AS a, 'b' AS b");
  check([results.length, Number(results[0][0].a), results[1].affectedRows, results[2][0].b], [3, 1, 0, 'b'], 'results');
  const error = await run(connection, 'SELECT 1; SELECT nothing FROM counts; SELECT 3').then(() => null, error => error);
  check(error.errno, 1054, 'error of the second');
  check(Number((await run(connection, 'SELECT 4 AS a'))[0].a), 4, 'afterwards');
  await connection.end();
}

async function bigPackets() {
  const connection = await connect();
  for (const prepared of [false, true]) {
    const [row] = await run(connection, 'SELECT ? AS v', [big], prepared);
    check([row.v.length, row.v === big], [big.length, true], 'value');
  }
  await connection.end();
}

async function transactions() {
  const connection = await connect();
  const count = async () => Number((await run(connection, 'SELECT COUNT(*) AS n FROM transactions'))[0].n);
  const insert = 'INSERT INTO transactions (v) VALUES (1)';
  await run(connection, 'DELETE FROM transactions');
  await connection.beginTransaction();
  await run(connection, insert);
  await connection.rollback();
  check(await count(), 0, 'rows after rollback');
  await run(connection, 'SET autocommit = 0');
  await run(connection, insert);
  await run(connection, 'SAVEPOINT here');
  await run(connection, insert);
  await run(connection, 'ROLLBACK TO SAVEPOINT here');
  await connection.commit();
  check(await count(), 1, 'rows after commit');
  await run(connection, insert);
  // The connector sends ROLLBACK only if the server's status says that a transaction is open.
  await connection.rollback();
  check(await count(), 1, 'rows after rollback with autocommit off');
  await connection.end();
}

async function pool() {
  if (isMysql2) throw new Skip('its pool gives connections back as they are');
  const pool = library.createPool(options({ connectionLimit: 1 }));
  let connection = await pool.getConnection();
  await run(connection, 'DELETE FROM pooled');
  await run(connection, 'START TRANSACTION');
  await run(connection, 'INSERT INTO pooled (id) VALUES (1)');
  await connection.release();
  connection = await pool.getConnection();
  check(Number((await run(connection, 'SELECT COUNT(*) AS n FROM pooled'))[0].n), 0, 'rows of a transaction that was left open');
  await connection.release();
  await pool.end();
}

async function counts() {
  for (const found of [false, true]) {
    const connection = await connect(isMysql2 ? { flags: [found ? '+FOUND_ROWS' : '-FOUND_ROWS'] } : { foundRows: found });
    const result = await run(connection, 'UPDATE counts SET v = 1 WHERE id IN (1, 2)');
    check(result.affectedRows, found ? 2 : 0, 'affected rows');
    const info = isMysql2 ? result.info : connection.info && connection.info.lastInfo;
    if (isMysql2) check(info, 'Rows matched: 2  Changed: 0  Warnings: 0', 'info');
    await connection.end();
  }
  const connection = await connect();
  await run(connection, 'TRUNCATE TABLE numbered');
  for (const prepared of [false, true]) {
    const before = prepared ? 4 : 0;
    let result = await run(connection, 'INSERT INTO numbered (v) VALUES (1), (2), (3)', [], prepared);
    check([result.affectedRows, Number(result.insertId)], [3, before + 1], 'three rows');
    result = await run(connection, 'INSERT INTO numbered (v) VALUES (4)', [], prepared);
    check([result.affectedRows, Number(result.insertId)], [1, before + 4], 'one row');
  }
  const result = await run(connection, 'INSERT INTO numbered (id, v) VALUES (1, 9) ON DUPLICATE KEY UPDATE v = 9');
  check(result.affectedRows, 2, 'an update in place of an insert');
  await connection.end();
}

async function loadData() {
  const connection = await connect(isMysql2 ? { flags: ['-FOUND_ROWS', '+LOCAL_FILES'] } : { permitLocalInfile: true });
  await run(connection, 'DELETE FROM loaded');
  const statement = `LOAD DATA LOCAL INFILE '${env('FILE')}' INTO TABLE loaded FIELDS TERMINATED BY ','`;
  const query = isMysql2 ? { sql: statement, infileStreamFactory: path => require('fs').createReadStream(path) } : statement;
  check((await run(connection, query)).affectedRows, 3, 'affected rows');
  const [row] = await run(connection, 'SELECT COUNT(*) AS n, SUM(id) AS s, MAX(v) AS v FROM loaded');
  check([Number(row.n), Number(row.s), row.v], [3, 6, 'two'], 'loaded');
  await connection.end();
}

async function compression() {
  const connection = await connect({ compress: true });
  check((await run(connection, "SHOW SESSION STATUS LIKE 'Compression'")).map(row => row.Value), ['ON'], 'status');
  const text = 'quorate '.repeat(200000);
  check((await run(connection, 'SELECT ? AS v', [text]))[0].v === text, true, 'the same');
  await connection.end();
}

async function reset() {
  const connection = await connect();
  // node-mariadb changes users of MariaDB only; mysql2 resets connections of its own accord only.
  const ways = [isMysql2 ? () => connection.changeUser({ user: 'root', database: env('DATABASE') }) : () => connection.reset()];
  for (const way of ways) {
    await run(connection, 'SET @a = 1');
    await run(connection, 'START TRANSACTION');
    await run(connection, 'INSERT INTO pooled (id) VALUES (2)');
    await way();
    const [row] = await run(connection, 'SELECT @a AS a, DATABASE() AS d, (SELECT COUNT(*) FROM pooled WHERE id = 2) AS n');
    check([row.a, row.d, Number(row.n)], [null, env('DATABASE'), 0], 'afterwards');
  }
  await connection.end();
}

const cells = [
  ['plain-native', () => login(env('NATIVE_USER'), false)], ['plain-sha2', () => login(env('SHA2_PLAIN_USER'), false)],
  ['plain-sha2-again', () => login(env('SHA2_PLAIN_USER'), false)], ['tls-native', () => login(env('NATIVE_USER'), true)],
  ['tls-sha2', () => login(env('SHA2_TLS_USER'), true)], ['tls-sha2-again', () => login(env('SHA2_TLS_USER'), true)],
  ['text', () => types(false, [1, 2])], ['prepared', () => types(true, [11, 12])],
  ['nulls', async () => { await types(false, [3], true); await types(true, [13], true); }],
  ['zero-dates', zeroDates], ['warnings', warnings], ['errors', errors], ['multi', multi], ['big', bigPackets],
  ['cursor', async () => { throw new Skip('has no server-side cursors'); }],
  ['transactions', transactions], ['pool', pool], ['counts', counts], ['load-data', loadData], ['compression', compression], ['reset', reset],
];

const pause = ms => new Promise(resolve => setTimeout(resolve, ms));

function within(ms, promise) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`took ${ms} ms`)), ms); });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// Writes rows one by one, and goes to the next address when one fails.
async function failover() {
  const ports = env('ADDRESSES').split(',').map(address => Number(address.split(':').pop()));
  const until = Date.now() + 60000;
  let at = 0, connection = null, doubt = false, key = 1, moved = 0;
  while ((moved === 0 || key <= moved + 20) && Date.now() < until) {
    try {
      if (!connection) {
        connection = await within(4000, connect({ port: ports[at % ports.length] }));
        connection.on('error', () => {});
      }
      const there = doubt ? Number((await within(10000, run(connection, `SELECT COUNT(*) AS n FROM failover WHERE k = ${key} FOR UPDATE`)))[0].n) : 0;
      if (there === 0) await within(10000, run(connection, `INSERT INTO failover (k) VALUES (${key})`));
      console.log(`ACK ${key}`);
      if (doubt && key > 1) moved = key;
      key++;
      doubt = false;
      await pause(5);
    } catch (error) {
      if (connection) connection.destroy();
      connection = null;
      at++;
      doubt = true;
      await pause(50);
    }
  }
  console.log(moved ? 'failover ok' : 'failover fail: it never went on elsewhere');
  process.exit(0);
}

async function main() {
  const path = require('path').join(process.env.NODE_PATH || '', isMysql2 ? 'mysql2' : 'mariadb', 'package.json');
  console.log('version', JSON.parse(require('fs').readFileSync(path)).version);
  if (mode === 'failover') await failover();
  for (const [cell, work] of mode === 'cells' ? cells : []) {
    if (only.length && !only.includes(cell)) continue;
    try {
      await within(20000, work());
      console.log(cell, 'ok');
    } catch (error) {
      const text = String(error.message || error).replace(/\s+/g, ' ').slice(0, 300);
      console.log(cell, error instanceof Skip ? `skip: ${text}` : `fail: ${text}`);
    }
  }
  process.exit(0);
}

process.on('uncaughtException', error => { if (mode === 'cells') console.error(error.message); });
main();

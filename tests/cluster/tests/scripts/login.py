"""Logins as clients make them, on the bare socket: every packet of an authentication is this script's own.

usage: login.py CHECK HOST:PORT [ARGUMENT ...]; ends with 0 when the check holds.
"""
import hashlib
import os
import random
import socket
import struct
import sys
import time

import pymysql

LONG_PASSWORD, CONNECT_WITH_DB, PROTOCOL_41, SSL = 1, 1 << 3, 1 << 9, 1 << 11
SECURE_CONNECTION, PLUGIN_AUTH, CONNECT_ATTRS, LENENC = 1 << 15, 1 << 19, 1 << 20, 1 << 21
EXPIRED_PASSWORDS = 1 << 22
CAPABILITIES = LONG_PASSWORD | PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH
SHA2, NATIVE = b"caching_sha2_password", b"mysql_native_password"


def equal(found, expected, what=""):
    assert found == expected, f"{found!r} is not {expected!r} {what}"


def sha1(*parts):
    return hashlib.sha1(b"".join(parts)).digest()


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def xor(one, other):
    return bytes(a ^ b for a, b in zip(one, other))


def answer(plugin, password, salt):
    if not password:
        return b""
    if plugin == NATIVE:
        proof = sha1(password)
        return xor(proof, sha1(salt, sha1(proof)))
    proof = sha256(password)
    return xor(proof, sha256(sha256(proof), salt))


class Refused(Exception):
    def __init__(self, payload):
        self.code = struct.unpack_from("<H", payload, 1)[0]
        text = payload[3:]
        self.state = text[1:6].decode() if text[:1] == b"#" else ""
        self.message = (text[6:] if self.state else text).decode()
        super().__init__(f"{self.code} ({self.state}): {self.message}")


class Connection:
    def __init__(self, address, source=None):
        host, port = address.rsplit(":", 1)
        here = (source, 0) if source else None
        self.socket = socket.create_connection((host, int(port)), timeout=30, source_address=here)
        self.sequence = 0
        greeting = self.read()
        if greeting[0] == 0xFF:
            raise Refused(greeting)
        after = greeting.index(b"\0", 1) + 1 + 4
        self.salt = greeting[after:after + 8] + greeting[after + 8 + 1 + 2 + 1 + 2 + 2 + 1 + 10:][:12]
        self.plugin = greeting.rstrip(b"\0").rsplit(b"\0", 1)[-1]

    def exactly(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise EOFError(data)
            data += more
        return data

    def read(self):
        header = self.exactly(4)
        self.sequence = header[3]
        return self.exactly(header[0] | header[1] << 8 | header[2] << 16)

    def write(self, payload, sequence=None):
        self.sequence = (self.sequence + 1) % 256 if sequence is None else sequence
        self.socket.sendall(struct.pack("<I", len(payload))[:3] + bytes([self.sequence]) + payload)

    def respond(self, user, auth, plugin=SHA2, database=None, flags=0, attributes=None):
        flags |= CAPABILITIES
        flags |= CONNECT_WITH_DB if database is not None else 0
        flags |= CONNECT_ATTRS if attributes is not None else 0
        flags &= ~(0 if plugin is not None else PLUGIN_AUTH)
        payload = struct.pack("<IIB23x", flags, 1 << 24, 255) + user + b"\0" + bytes([len(auth)]) + auth
        payload += database + b"\0" if database is not None else b""
        payload += plugin + b"\0" if plugin is not None else b""
        self.write(payload + (attributes or b""))

    def finish(self, password=b"", trace=None):
        """Plays the rest; the packets' kinds by name in `trace`."""
        trace = trace if trace is not None else []
        while True:
            payload = self.read()
            if payload[0] == 0x00:
                trace.append("ok")
                return trace
            if payload[0] == 0xFF:
                trace.append("error")
                raise Refused(payload)
            if payload[0] == 0xFE:
                name, challenge = payload[1:].split(b"\0", 1)
                self.salt = challenge[:20]
                trace.append("switch " + name.decode())
                self.write(answer(name, password, self.salt))
            elif payload == b"\x01\x03":
                trace.append("fast")
            elif payload == b"\x01\x04":
                trace.append("full")
                self.write(b"\x02")
            else:
                trace.append("key")
                self.write(encrypt(payload[1:], password, self.salt))

    def login(self, user, password=b"", plugin=SHA2, trace=None, **rest):
        self.respond(user, answer(plugin or NATIVE, password, self.salt), plugin, **rest)
        return self.finish(password, trace)

    def query(self, text):
        """The first column of the first row, or None."""
        self.write(b"\x03" + text.encode(), 0)
        first = self.read()
        if first[0] == 0xFF:
            raise Refused(first)
        if first[0] == 0x00:
            return None
        for _ in range(first[0]):
            self.read()
        self.read()
        row, value = None, self.read()
        while value[0] != 0xFE or len(value) > 8:
            row = row if row is not None else value
            value = self.read()
        return None if row is None or row[0] == 0xFB else row[1:1 + row[0]].decode()

    def change_user(self, user, password=b"", plugin=SHA2, database=b"", trace=None):
        auth = answer(plugin, password, self.salt)
        self.write(b"\x11" + user + b"\0" + bytes([len(auth)]) + auth + database + b"\0" + struct.pack("<H", 255) + plugin + b"\0", 0)
        return self.finish(password, trace)

    def is_closed(self):
        try:
            self.write(b"\x0e", 0)
            return self.socket.recv(1) == b""
        except OSError:
            return True


def encrypt(pem, password, salt):
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding
    hidden = xor(password + b"\0", salt * 20)
    sha = hashes.SHA1()
    return serialization.load_pem_public_key(pem).encrypt(hidden, padding.OAEP(padding.MGF1(sha), sha, None))


def refused(attempt, code, *texts):
    try:
        found = attempt()
    except Refused as error:
        equal(error.code, code, str(error))
        for text in texts:
            assert text in error.message, f"{error} has no {text!r}"
        return error
    raise AssertionError(f"{code} expected, let in: {found!r}")


def denied(attempt, using="YES"):
    return refused(attempt, 1045, f"(using password: {using})")


def admin(address, *statements, password=""):
    host, port = address.rsplit(":", 1)
    with pymysql.connect(host=host, port=int(port), user="root", password=password, autocommit=True) as connection:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall()


def plugins(address):
    """Both plugins, right, wrong and empty passwords, started with either plugin, an unknown one and none."""
    admin(address,
          "CREATE USER sha2 IDENTIFIED BY 'right'", "CREATE USER sha2_empty",
          "CREATE USER native IDENTIFIED WITH mysql_native_password BY 'right'",
          "CREATE USER native_empty IDENTIFIED WITH mysql_native_password")
    login = lambda *rest, **more: Connection(address).login(*rest, **more)
    equal(login(b"sha2", b"right"), ["full", "key", "ok"], "nothing is remembered yet")
    equal(login(b"sha2", b"right"), ["fast", "ok"])
    equal(login(b"sha2", b"right", NATIVE), ["switch caching_sha2_password", "fast", "ok"])
    equal(login(b"native", b"right", NATIVE), ["ok"])
    equal(login(b"native", b"right"), ["switch mysql_native_password", "ok"])
    equal(login(b"native", b"right", b"dialog"), ["switch mysql_native_password", "ok"])
    equal(login(b"native", b"right", None), ["ok"])
    refused(lambda: login(b"sha2", b"right", None), 1251)
    for name in (b"mysql_clear_password", b"sha256_password", b"client_ed25519", b"\xff\xfe"):
        equal(login(b"sha2", b"right", name), ["switch caching_sha2_password", "fast", "ok"])
    for user in (b"sha2_empty", b"native_empty"):
        for plugin in (SHA2, NATIVE):
            equal(login(user, b"", plugin)[-1], "ok")
            denied(lambda: login(user, b"guess", plugin))
    for user in (b"sha2", b"native"):
        for wrong in (b"Right", b"right ", b"x" * 200, b"right\xff"):
            denied(lambda: login(user, wrong))
        denied(lambda: login(user, b""), "NO")
    # A password in the clear is not looked at.
    clear = Connection(address)
    clear.respond(b"sha2", b"\1" * 32)
    equal(clear.read(), b"\x01\x04")
    clear.write(b"right\0")
    denied(clear.finish)
    # The greeting's salt is another each time.
    equal(len({Connection(address).salt for _ in range(20)}), 20)


def unknown(address):
    """Names that are no accounts take the steps of those that are."""
    admin(address, "CREATE USER IF NOT EXISTS known IDENTIFIED BY 'right'")
    traces = []
    for user in (b"known", b"nobody", b"", b"'", b"root", b"\xff\xfe"):
        trace = []
        denied(lambda: Connection(address).login(user, b"wrong", trace=trace))
        traces.append(trace)
    equal({tuple(trace) for trace in traces[:-2]}, {("full", "key", "error")})
    admin(address, "CREATE USER IF NOT EXISTS n IDENTIFIED WITH mysql_native_password BY 'right'")
    first = {}
    for number in range(40):
        trace = []
        user = f"nobody{number}".encode()
        denied(lambda: Connection(address).login(user, b"wrong", trace=trace))
        again = []
        denied(lambda: Connection(address).login(user, b"wrong", trace=again))
        equal(trace, again, "the same each time")
        first[user] = trace[0]
    equal(set(first.values()), {"full", "switch mysql_native_password"})
    # Noise in place of what the key encrypted ends like a wrong password.
    for noise in (os.urandom(256), b"\0" * 256, b"\xff" * 256, os.urandom(128), os.urandom(512)):
        connection = Connection(address)
        connection.respond(b"known", os.urandom(32))
        equal(connection.read(), b"\x01\x04")
        connection.write(noise)
        denied(connection.finish)


def names(address):
    """User and database names of all lengths and kinds; nothing of them is taken for SQL."""
    admin(address, "CREATE USER IF NOT EXISTS named IDENTIFIED BY 'pw'", "GRANT ALL ON *.* TO named")
    Connection(address).login(b"named", b"pw")
    dice = random.Random(7)
    kinds = (b"u", b"'", b'"', b"`", b"\\", b"%", b";", b"\xc3\xa9", b"\xff", b"\n", b"--", b"' OR '1'='1")
    for length in (0, 1, 16, 31, 32, 33, 47, 48, 49, 63, 64, 65, 100, 127, 128, 129, 200):
        for kind in kinds:
            user = (kind * 200)[:length]
            error = denied(lambda: Connection(address).login(user, b"x"))
            assert len(error.message.encode()) < 220, error
        user = bytes(dice.randrange(1, 256) for _ in range(length))
        denied(lambda: Connection(address).login(user, b"x"))
    for user in (b"root'@'localhost", b"root\\", b"root' -- ", b"root'/*", b"' UNION SELECT user FROM mysql.user -- "):
        denied(lambda: Connection(address).login(user, b"x"))
        denied(lambda: Connection(address).login(user, b""), "NO")
    for database in (b"x" * 65, b"x" * 200, b"'; DROP DATABASE mysql; -- ", b"`mysql`", b"no\\such", b"\xff", b"mysql' OR '1"):
        connection = Connection(address)
        code = 1059 if len(database) > 64 else 1049
        try:
            connection.login(b"named", b"pw", database=database)
        except Refused as error:
            assert error.code in (code, 1102), error
        else:
            raise AssertionError(f"{database!r} is let in")
        assert connection.is_closed()
    def attributes(pairs):
        text = b"".join(bytes([len(part)]) + part for pair in pairs for part in pair)
        return bytes([len(text)]) + text
    hostile = attributes([(b"_client_name", b"'; DROP DATABASE mysql; -- "), (b"\xff\0'", b"\\'\"`"), (b"", b"")])
    connection = Connection(address)
    connection.login(b"named", b"pw", attributes=hostile)
    equal(connection.query("SELECT CURRENT_USER()"), "named@%")
    equal(connection.query("SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'mysql'"), "1")


def change_user(address):
    """COM_CHANGE_USER: the rules of a login, a new session, and an end when it is refused."""
    admin(address, "CREATE USER one IDENTIFIED BY 'pw1'", "CREATE USER two IDENTIFIED WITH mysql_native_password BY 'pw2'",
          "CREATE DATABASE changed", "GRANT ALL ON changed.* TO two", "CREATE USER locked IDENTIFIED BY 'pw' ACCOUNT LOCK",
          "CREATE USER few IDENTIFIED BY 'pw' WITH MAX_USER_CONNECTIONS 1")
    connection = Connection(address)
    connection.login(b"one", b"pw1")
    connection.query("SET @a = 1, SESSION sql_mode = ''")
    equal(connection.change_user(b"two", b"pw2", database=b"changed"), ["switch mysql_native_password", "ok"])
    equal(connection.query("SELECT CURRENT_USER()"), "two@%")
    equal(connection.query("SELECT USER()"), "two@localhost")
    equal(connection.query("SELECT DATABASE()"), "changed")
    equal(connection.query("SELECT @a"), None)
    assert "STRICT_TRANS_TABLES" in connection.query("SELECT @@sql_mode")
    equal(connection.change_user(b"one", b"pw1"), ["fast", "ok"])
    equal(connection.query("SELECT DATABASE()"), None)
    equal(connection.change_user(b"few", b"pw"), ["full", "key", "ok"])
    equal(connection.change_user(b"few", b"pw"), ["fast", "ok"], "its own place is free by then")
    refused(lambda: Connection(address).login(b"few", b"pw"), 1226, "max_user_connections")
    equal(connection.change_user(b"one", b"pw1")[-1], "ok")
    Connection(address).login(b"few", b"pw")
    for attempt, code in [
        (lambda c: c.change_user(b"two", b"wrong"), 1045), (lambda c: c.change_user(b"nobody", b"x"), 1045),
        (lambda c: c.change_user(b"locked", b"pw"), 3118), (lambda c: c.change_user(b"two", b"pw2", database=b"none"), None),
    ]:
        connection = Connection(address)
        connection.login(b"one", b"pw1")
        try:
            attempt(connection)
        except Refused as error:
            assert code in (None, error.code), error
        else:
            raise AssertionError("let in")
        assert connection.is_closed()


def rules(address):
    """Locked, expired, blocked and limited accounts."""
    admin(address,
          "CREATE USER lock1 IDENTIFIED BY 'pw' ACCOUNT LOCK",
          "CREATE USER blocked IDENTIFIED BY 'pw' FAILED_LOGIN_ATTEMPTS 2 PASSWORD_LOCK_TIME 3",
          "CREATE USER hourly IDENTIFIED BY 'pw' WITH MAX_CONNECTIONS_PER_HOUR 2",
          "CREATE USER asks IDENTIFIED BY 'pw' WITH MAX_QUERIES_PER_HOUR 3",
          "CREATE USER twice IDENTIFIED BY 'old'", "ALTER USER twice IDENTIFIED BY 'new' RETAIN CURRENT PASSWORD")
    login = lambda *rest, **more: Connection(address).login(*rest, **more)
    refused(lambda: login(b"lock1", b"pw"), 3118, "Access denied for user 'lock1'@'localhost'. Account is locked.")
    denied(lambda: login(b"lock1", b"no"))
    admin(address, "ALTER USER lock1 ACCOUNT UNLOCK")
    login(b"lock1", b"pw")
    blocked = "Account is blocked for 3 day(s) (3 day(s) remaining) due to 2 consecutive failed logins."
    for _ in range(2):
        denied(lambda: login(b"blocked", b"no"))
        login(b"blocked", b"pw")
    # Who leaves when the fast path has told him that he is wrong has failed too.
    connection = Connection(address)
    connection.respond(b"blocked", answer(SHA2, b"no", connection.salt))
    equal(connection.read(), b"\x01\x04")
    connection.socket.close()
    until(lambda: refused(lambda: login(b"blocked", b"no"), 3955, blocked))
    refused(lambda: login(b"blocked", b"pw"), 3955, blocked)
    admin(address, "ALTER USER blocked ACCOUNT UNLOCK")
    login(b"blocked", b"pw")
    for _ in range(2):
        login(b"hourly", b"pw")
    refused(lambda: login(b"hourly", b"pw"), 1226, "'hourly' has exceeded the 'max_connections_per_hour' resource (current value: 2)")
    connection = Connection(address)
    connection.login(b"asks", b"pw")
    for _ in range(3):
        equal(connection.query("SELECT 1"), "1")
    refused(lambda: connection.query("SELECT 1"), 1226, "'max_questions' resource (current value: 3)")
    for password in (b"new", b"old"):
        equal(login(b"twice", password)[0], "full")
        equal(login(b"twice", password), ["fast", "ok"])
    admin(address, "ALTER USER twice DISCARD OLD PASSWORD")
    login(b"twice", b"new")
    denied(lambda: login(b"twice", b"old"))


def until(attempt, patience=10):
    deadline = time.monotonic() + patience
    while True:
        try:
            return attempt()
        except AssertionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def expired(address):
    """An expired password: no login, or one for changing it."""
    admin(address, "CREATE USER expired IDENTIFIED BY 'pw' PASSWORD EXPIRE", "CREATE USER other IDENTIFIED BY 'pw'")
    refused(lambda: Connection(address).login(b"expired", b"pw"), 1862, "Your password has expired.")
    denied(lambda: Connection(address).login(b"expired", b"no", flags=EXPIRED_PASSWORDS))
    connection = Connection(address)
    connection.login(b"expired", b"pw", flags=EXPIRED_PASSWORDS)
    must = "You must reset your password using ALTER USER statement before executing this statement."
    for statement in ("SELECT 1", "SET @a = 1", "BEGIN", "USE mysql", "SHOW GRANTS", "PREPARE p FROM 'SELECT 1'", "DO 1", "SET ROLE NONE",
                      "SET PASSWORD FOR other = 'x'"):
        refused(lambda: connection.query(statement), 1820, must)
    connection.write(b"\x16SELECT 1", 0)
    refused(lambda: connection.finish(), 1820, must)
    connection.write(b"\x02mysql", 0)
    refused(lambda: connection.finish(), 1820, must)
    refused(lambda: connection.query("xx yy"), 1064)
    connection.write(b"\x0e", 0)
    equal(connection.read()[0], 0, "ping")
    connection.query("ALTER USER USER() IDENTIFIED BY 'pw2'")
    equal(connection.query("SELECT 1"), "1")
    Connection(address).login(b"expired", b"pw2")
    admin(address, "ALTER USER expired PASSWORD EXPIRE")
    equal(connection.query("SELECT 1"), "1", "an open session goes on")
    connection = Connection(address)
    connection.login(b"expired", b"pw2", flags=EXPIRED_PASSWORDS)
    connection.query("SET PASSWORD = 'pw3'")
    equal(connection.query("SELECT 1"), "1")


def tls(address, ca, cert, key):
    """Accounts that require TLS, a certificate, or somebody's."""
    host, port = address.rsplit(":", 1)
    admin(address, "CREATE USER t_ssl IDENTIFIED BY 'pw' REQUIRE SSL", "CREATE USER t_x509 IDENTIFIED BY 'pw' REQUIRE X509",
          "CREATE USER t_subject IDENTIFIED BY 'pw' REQUIRE SUBJECT '/CN=somebody' AND ISSUER '/CN=authority'",
          "CREATE USER t_other IDENTIFIED BY 'pw' REQUIRE SUBJECT '/CN=else'",
          "CREATE USER t_cipher IDENTIFIED BY 'pw' REQUIRE CIPHER 'TLS_AES_256_GCM_SHA384'",
          "CREATE USER t_no_cipher IDENTIFIED BY 'pw' REQUIRE CIPHER 'TLS_AES_128_CCM_SHA256'",
          "CREATE USER t_native IDENTIFIED WITH mysql_native_password BY 'pw' REQUIRE SSL")

    def attempt(user, **rest):
        try:
            pymysql.connect(host=host, port=int(port), user=user, password="pw", **rest).close()
            return "in"
        except pymysql.err.OperationalError as error:
            assert error.args[0] == 1045 and "(using password: YES)" in error.args[1], error
            return "out"

    clear = {"ssl_disabled": True}
    encrypted = {"ssl_ca": ca, "ssl_verify_cert": False}
    shown = {**encrypted, "ssl_cert": cert, "ssl_key": key}
    for user, expected in {
        "t_ssl": "out in in", "t_x509": "out out in", "t_subject": "out out in", "t_other": "out out out",
        "t_cipher": "out in in", "t_no_cipher": "out out out", "t_native": "out in in",
    }.items():
        equal(" ".join(attempt(user, **how) for how in (clear, encrypted, shown)), expected, user)


def follower(address, other):
    """What is changed on the leader holds for logins on another node."""
    admin(address, "CREATE USER moved IDENTIFIED BY 'first'")
    until(lambda: equal(login_once(other, b"moved", b"first"), "in"))
    equal(Connection(other).login(b"moved", b"first"), ["fast", "ok"])
    admin(address, "ALTER USER moved IDENTIFIED BY 'second'")
    until(lambda: equal(login_once(other, b"moved", b"first"), 1045))
    equal(Connection(other).login(b"moved", b"second"), ["full", "key", "ok"])
    admin(address, "DROP USER moved")
    until(lambda: equal(login_once(other, b"moved", b"second"), 1045))


def login_once(address, user, password):
    try:
        Connection(address).login(user, password)
        return "in"
    except Refused as error:
        return error.code


def full(address, password):
    """All connections are taken but the one that is kept for administration."""
    admin(address, "CREATE USER common IDENTIFIED BY 'pw'", "CREATE USER boss IDENTIFIED BY 'pw'",
          "GRANT CONNECTION_ADMIN ON *.* TO boss")
    most = int(admin(address, "SELECT @@max_connections")[0][0])
    held = []
    for _ in range(most):
        connection = Connection(address)
        connection.login(b"common", b"pw")
        held.append(connection)
    refused(lambda: Connection(address).login(b"common", b"pw"), 1040, "Too many connections")
    boss = until_in(lambda: open_as(address, b"boss", b"pw"))
    refused(lambda: Connection(address), 1040, "Too many connections")
    boss.socket.close()
    held.pop().socket.close()
    until_in(lambda: open_as(address, b"common", b"pw"))


def open_as(address, user, password):
    connection = Connection(address)
    connection.login(user, password)
    return connection


def until_in(attempt, patience=10):
    deadline = time.monotonic() + patience
    while True:
        try:
            return attempt()
        except Refused:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])

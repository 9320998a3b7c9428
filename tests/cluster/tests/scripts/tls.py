"""TLS as bad and good clients begin it, on the bare socket; and PyMySQL through it.

usage: tls.py CHECK HOST:PORT [ARGUMENT …]; ends with 0 when the check holds.
"""
import os
import socket
import ssl
import struct
import sys
import threading
import time

import pymysql

PROTOCOL_41, SSL, SECURE_CONNECTION, PLUGIN_AUTH = 1 << 9, 1 << 11, 1 << 15, 1 << 19
CAPABILITIES = PROTOCOL_41 | SSL | SECURE_CONNECTION | PLUGIN_AUTH
FIXED = struct.pack("<IIB23x", CAPABILITIES, 1 << 24, 255)
RESPONSE = FIXED + b"root\0" + b"\0" + b"caching_sha2_password\0"
ALERT = 0x15


def equal(found, expected):
    assert found == expected, f"{found!r} is not {expected!r}"


def packet(sequence, payload):
    return struct.pack("<I", len(payload))[:3] + bytes([sequence]) + payload


def exactly(receive, count):
    data = b""
    while len(data) < count:
        more = receive(count - len(data))
        if not more:
            raise EOFError(data)
        data += more
    return data


def read_packet(receive):
    header = exactly(receive, 4)
    return header[3], exactly(receive, header[0] | header[1] << 8 | header[2] << 16)


def connect(address, patience=30):
    """A socket whose server has greeted, and the capabilities of the greeting."""
    host, port = address.rsplit(":", 1)
    connection = socket.create_connection((host, int(port)), timeout=patience)
    _, greeting = read_packet(connection.recv)
    after = greeting.index(b"\0", 1) + 1 + 4 + 8 + 1
    low, _, _, high = struct.unpack_from("<HBHH", greeting, after)
    return connection, low | high << 16


def rest(connection):
    """Everything until the server closes."""
    data = b""
    try:
        while more := connection.recv(65536):
            data += more
    except ConnectionResetError:
        pass
    return data


def trusting():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def hello_bytes():
    """TLS of a client whose first message is taken out instead of sent."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = trusting().wrap_bio(incoming, outgoing)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return tls, incoming, outgoing, outgoing.read()


def pump(connection, incoming, outgoing, step):
    """Runs a step of TLS over memory until it is done."""
    while True:
        try:
            result = step()
        except ssl.SSLWantReadError:
            connection.sendall(outgoing.read())
            data = connection.recv(65536)
            if not data:
                raise EOFError("the server closed")
            incoming.write(data)
            continue
        connection.sendall(outgoing.read())
        return result


def works(address):
    """That the server serves on, encrypted and not."""
    for arguments in ({"ssl": trusting()}, {"ssl_disabled": True}):
        host, port = address.rsplit(":", 1)
        client = pymysql.connect(host=host, port=int(port), user="root", **arguments)
        with client.cursor() as cursor:
            cursor.execute("SELECT 1")
            equal(cursor.fetchall(), ((1,),))
        client.close()


def refused_in_the_clear(address, sent):
    connection, capabilities = connect(address)
    assert capabilities & SSL, "TLS is offered"
    connection.sendall(sent)
    answer = rest(connection)
    # TLS's alert, or nothing: no packet of MySQL, which would say that something was taken for one.
    assert not answer or answer[0] == ALERT, answer
    connection.close()


def injection(address):
    """What is sent in the clear behind the request for TLS is never taken for the client's own."""
    refused_in_the_clear(address, packet(1, FIXED) + packet(2, RESPONSE))
    refused_in_the_clear(address, packet(1, FIXED) + packet(2, RESPONSE) + packet(0, b"\x03SELECT 1"))
    refused_in_the_clear(address, packet(1, FIXED) + packet(1, FIXED))
    # The same with the client's true handshake behind it: it must not come to a connection.
    tls, incoming, outgoing, hello = hello_bytes()
    connection, _ = connect(address)
    connection.sendall(packet(1, FIXED) + packet(2, RESPONSE) + hello)
    incoming.write(rest(connection))
    try:
        tls.do_handshake()
        raise AssertionError("the handshake succeeded")
    except ssl.SSLError:
        pass
    # And split, so that it comes with another read.
    connection, _ = connect(address)
    connection.sendall(packet(1, FIXED))
    time.sleep(0.1)
    connection.sendall(packet(2, RESPONSE))
    answer = rest(connection)
    assert not answer or answer[0] == ALERT, answer
    works(address)


def pipelined(address):
    """A client need not wait between its request and its handshake: both may come with one read, or in any pieces."""
    for pieces in ("one", "bytes", "middle"):
        tls, incoming, outgoing, hello = hello_bytes()
        connection, _ = connect(address)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sent = packet(1, FIXED) + hello
        if pieces == "one":
            connection.sendall(sent)
        elif pieces == "bytes":
            for byte in sent:
                connection.sendall(bytes([byte]))
        else:
            connection.sendall(sent[:60])
            time.sleep(0.05)
            connection.sendall(sent[60:])
        pump(connection, incoming, outgoing, tls.do_handshake)
        # The sequence goes on behind the request. The response and the first command come in one record: the server must wait for nothing.
        tls.write(packet(2, RESPONSE))
        receive = lambda count: pump(connection, incoming, outgoing, lambda: tls.read(count))
        sequence, answer = read_packet(receive)
        equal((sequence, answer[0]), (3, 0))
        tls.write(packet(0, b"\x0e"))
        sequence, answer = read_packet(receive)
        equal((sequence, answer[0]), (1, 0))
        # It ends with TLS's own goodbye.
        tls.write(packet(0, b"\x01"))
        try:
            equal(pump(connection, incoming, outgoing, lambda: tls.read(1)), b"")
        except ssl.SSLZeroReturnError:
            pass
        connection.close()


def garbage(address):
    """Bytes that are no handshake end the connection, and nothing else."""
    samples = [b"\x16\x03\x01\xff\xff" + b"\0" * 300, b"GET / HTTP/1.1\r\n\r\n", b"\0" * 5, b"\xff" * 70000, b"\x16\x03\x01\x00\x05\x01\xff\xff\xff\x00"]
    samples += [os.urandom(length) for length in (1, 5, 100, 5000, 50000)]
    for sample in samples:
        connection, _ = connect(address)
        connection.sendall(packet(1, FIXED))
        try:
            connection.sendall(sample)
            connection.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError, OSError):
            pass
        answer = rest(connection)
        assert not answer or answer[0] == ALERT, (sample[:20], answer)
        connection.close()
    # A true handshake with a changed byte anywhere.
    _, _, _, hello = hello_bytes()
    for position in range(0, len(hello), 7):
        connection, _ = connect(address)
        changed = bytearray(hello)
        changed[position] ^= 0x55
        connection.sendall(packet(1, FIXED) + bytes(changed))
        connection.shutdown(socket.SHUT_WR)
        rest(connection)
        connection.close()
    # Garbage once the connection is encrypted.
    connection, _ = connect(address)
    connection.sendall(packet(1, FIXED))
    tls = trusting().wrap_socket(connection)
    tls.sendall(packet(2, RESPONSE))
    equal(read_packet(tls.recv)[1][0], 0)
    os.write(tls.fileno(), b"\x17\x03\x03\x00\x20" + os.urandom(32))
    try:
        assert not rest(tls)
    except ssl.SSLError as error:
        assert "alert" in str(error).lower(), error
    works(address)


def announced(address):
    """A response that claims TLS without having begun it, and a second request inside of TLS."""
    connection, _ = connect(address)
    connection.sendall(packet(1, RESPONSE))
    sequence, answer = read_packet(connection.recv)
    equal((sequence, answer[:3]), (2, b"\xff" + struct.pack("<H", 1043)))
    connection, _ = connect(address)
    connection.sendall(packet(1, FIXED))
    tls = trusting().wrap_socket(connection)
    tls.sendall(packet(2, FIXED))
    sequence, answer = read_packet(tls.recv)
    equal((sequence, answer[:3]), (3, b"\xff" + struct.pack("<H", 1043)))


def stall(address, seconds):
    """Who stops in the handshake is dropped at connect_timeout, wherever it stops."""
    _, _, _, hello = hello_bytes()
    started = time.monotonic()
    stalled = []
    for sent in (packet(1, FIXED), packet(1, FIXED)[:20], packet(1, FIXED) + hello[:50], packet(1, FIXED) + hello):
        connection, _ = connect(address)
        connection.sendall(sent)
        stalled.append(connection)
    # And one that never waits long, byte by byte.
    slow, _ = connect(address)
    slow.sendall(packet(1, FIXED))
    stop = threading.Event()

    def trickle():
        try:
            for byte in hello:
                slow.sendall(bytes([byte]))
                if stop.wait(0.5):
                    return
        except OSError:
            return

    thread = threading.Thread(target=trickle)
    thread.start()
    for connection in stalled + [slow]:
        rest(connection)
        took = time.monotonic() - started
        assert int(seconds) - 1 < took < int(seconds) + 8, took
    stop.set()
    thread.join()
    works(address)


def offered(address, expected):
    _, capabilities = connect(address)
    equal(bool(capabilities & SSL), expected == "yes")
    if expected == "no":
        connection, _ = connect(address)
        connection.sendall(packet(1, FIXED))
        sequence, answer = read_packet(connection.recv)
        equal((sequence, answer[:3]), (2, b"\xff" + struct.pack("<H", 1043)))


def versions(address, *spoken):
    """Which versions a server speaks."""
    both = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}
    for name, version in both.items():
        context = trusting()
        context.minimum_version = context.maximum_version = version
        connection, _ = connect(address)
        connection.sendall(packet(1, FIXED))
        try:
            tls = context.wrap_socket(connection)
        except (ssl.SSLError, ConnectionResetError):
            assert name not in spoken, name
            continue
        assert name in spoken, name
        tls.sendall(packet(2, RESPONSE))
        read_packet(tls.recv)
        tls.sendall(packet(0, b"\x03SHOW STATUS LIKE 'Ssl_version'"))
        time.sleep(0.2)
        assert name.encode() in tls.recv(65536), name


def open_client(address, **arguments):
    host, port = address.rsplit(":", 1)
    arguments = {"ssl": trusting(), **arguments}
    return pymysql.connect(host=host, port=int(port), user="root", max_allowed_packet=64 << 20, **arguments)


def one(client, statement):
    with client.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[-1]


def large(address):
    """16 MiB down in one value and in many rows, and up, in one packet of several fragments."""
    client = open_client(address)
    megabyte = 1 << 20
    equal(one(client, f"SELECT REPEAT('x', {16 * megabyte})"), "x" * (16 * megabyte))
    text = os.urandom(9 * megabyte).hex()
    equal(one(client, f"SELECT '{text}'"), text)
    with client.cursor() as cursor:
        cursor.execute("CREATE DATABASE tls_large")
        cursor.execute("CREATE TABLE tls_large.t (id INT PRIMARY KEY, v MEDIUMTEXT)")
        rows = [(id, os.urandom(megabyte // 4).hex()) for id in range(40)]
        for row in rows:
            cursor.execute("INSERT INTO tls_large.t VALUES (%s, %s)", row)
        client.commit()
        cursor.execute("SELECT id, v FROM tls_large.t ORDER BY id")
        equal(cursor.fetchall(), tuple(rows))
    # Rows as they come, to a reader that takes its time.
    with pymysql.cursors.SSCursor(client) as cursor:
        cursor.execute("SELECT id, v FROM tls_large.t ORDER BY id")
        for row in rows:
            equal(cursor.fetchone(), row)
            time.sleep(0.01)
        equal(cursor.fetchone(), None)
    equal(one(client, "SELECT 'still here'"), "still here")


def kill(address):
    """KILL of an encrypted connection: while it runs a statement, while it is idle, and while it reads nothing of a large result."""
    killer = open_client(address)
    for victim_statement in ("SELECT SLEEP(60)", None):
        victim = open_client(address)
        id = victim.thread_id()
        failure = []

        def run(statement=victim_statement):
            try:
                one(victim, statement)
            except pymysql.Error as error:
                failure.append(error)

        thread = threading.Thread(target=run)
        if victim_statement:
            thread.start()
            while one(killer, f"SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = {id} AND INFO LIKE '%SLEEP(60)%'") == 0:
                time.sleep(0.02)
        started = time.monotonic()
        with killer.cursor() as cursor:
            cursor.execute(f"KILL {id}")
        if victim_statement:
            thread.join()
        else:
            try:
                one(victim, "SELECT 1")
            except pymysql.Error as error:
                failure.append(error)
        assert time.monotonic() - started < 5
        assert failure and failure[0].args[0] in (1053, 1317, 2006, 2013), failure
    victim = open_client(address)
    id = victim.thread_id()
    victim._execute_command(3, "SELECT id, v, REPEAT('x', 1000000) FROM tls_large.t")
    time.sleep(0.5)
    with killer.cursor() as cursor:
        cursor.execute(f"KILL {id}")
    deadline = time.monotonic() + 5
    while one(killer, f"SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = {id}") != 0:
        assert time.monotonic() < deadline, "it is still there"
        time.sleep(0.02)


def secure_only(address):
    """A client in the clear gets error 3159; one that encrypts is served."""
    try:
        open_client(address, ssl=None, ssl_disabled=True)
        raise AssertionError("it was let in")
    except pymysql.Error as error:
        equal(error.args, (3159, "Connections using insecure transport are prohibited while --require_secure_transport=ON."))
    # Also who is none of ours hears that and nothing else.
    try:
        host, port = address.rsplit(":", 1)
        pymysql.connect(host=host, port=int(port), user="nobody", password="x", ssl_disabled=True)
        raise AssertionError("it was let in")
    except pymysql.Error as error:
        equal(error.args[0], 3159)
    equal(one(open_client(address), "SELECT @@require_secure_transport"), 1)


def certificate(address, ca, name="localhost"):
    """That the server shows a certificate of this authority with this name."""
    context = ssl.create_default_context(cafile=ca)
    connection, _ = connect(address)
    connection.sendall(packet(1, FIXED))
    context.wrap_socket(connection, server_hostname=name)


def with_certificate(address, cert, key):
    client = open_client(address, ssl={"cert": cert, "key": key, "check_hostname": False, "verify_mode": "none"})
    equal(one(client, "SELECT 1"), 1)


def many(address):
    """Many connections at once, some of which end without a word."""
    def run():
        for turn in range(20):
            client = open_client(address)
            equal(one(client, f"SELECT {turn}"), turn)
            if turn % 3 == 0:
                client._force_close()
            else:
                client.close()

    threads = [threading.Thread(target=run) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    works(address)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])

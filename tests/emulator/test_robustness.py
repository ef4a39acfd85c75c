"""Bytes that are no requests, on the listener and on the proxy: never a 500, never the end of the server."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from provisioner.emulator.server import Emulator

HOST = b"Host: graph.microsoft.com\r\n"
_METHODS = st.sampled_from(
    [b"GET", b"POST", b"PATCH", b"DELETE", b"HEAD", b"OPTIONS", b"TRACE", b"G\xffT", b"get", b""]
)
_TARGETS = st.sampled_from(
    [
        *(b"/", b"/v1.0/applications", b"/v1.0/$batch", b"*", b"//", b"/%", b"/%00", b"/%ff%fe", b"/\xc3\xa9"),
        *(b"http://[::1", b"https://graph.microsoft.com/v1.0/me", b"/?" + b"a=1&" * 500, b"/" + b"x" * 70_000, b"/a b"),
    ]
)
_VERSIONS = st.sampled_from([b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"HTTP/9", b"", b"HTTP/1.1 x"])
_HEADERS = st.lists(
    st.sampled_from(
        [
            *(HOST, HOST, b"Host: [::1\r\n", b"Host: \r\n", b"Host: login.microsoftonline.com:99999\r\n"),
            *(b"Content-Length: 5\r\n", b"Content-Length: -1\r\n", b"Content-Length: 99999999999999999999\r\n"),
            *(b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: chunked, gzip\r\n", b"Expect: 100-continue\r\n"),
            *(b"Authorization: Bearer a.b.c\r\n", b"Authorization: Bearer \xff\r\n", b"Cookie: \x01=\x02\r\n"),
            *(b"Content-Type: application/json\r\n", b"Content-Type: text/xml\r\n", b"Content-Encoding: gzip\r\n"),
            *(
                b"Connection: upgrade\r\nUpgrade: websocket\r\n",
                b"X: " + b"y" * 9000 + b"\r\n",
                b"no colon\r\n",
                b": \r\n",
            ),
        ]
    ),
    max_size=5,
)
_BODIES = st.sampled_from(
    [
        *(b"", b"{}xxx", b"\x00" * 5, b"5\r\n[1,2]\r\n0\r\n\r\n", b"zz\r\n", b"ffffffffffffffff\r\nx", b"-1\r\n\r\n"),
        *(b"5;a=b\r\n{}{}{\r\n0\r\nTrailer: x\r\n\r\n", b"GET / HTTP/1.1\r\n", b"[" * 5000),
    ]
)
_MESSAGES = st.one_of(
    st.builds(
        lambda method, target, version, headers, body: (
            method + b" " + target + b" " + version + b"\r\n" + b"".join(headers) + b"\r\n" + body
        ),
        *(_METHODS, _TARGETS, _VERSIONS, _HEADERS, _BODIES),
    ),
    st.binary(max_size=80),
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    made = Emulator(tmp_path_factory.mktemp("cloud"))
    made.start()
    yield made
    made.stop()


def _context(served: Emulator) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=served.description()["ca"])


def _address(served: Emulator) -> tuple[str, int]:
    host, _, port = served.description()["address"].partition(":")
    return host, int(port)


def _proxy(served: Emulator) -> tuple[str, int]:
    host, _, port = served.description()["proxy"].removeprefix("http://").partition(":")
    return host, int(port)


def _statuses(answer: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", answer)]


def _exchange(plain: socket.socket, sent: bytes) -> bytes:
    """Send, say there is no more, and read to the end."""
    got = b""
    with contextlib.suppress(ConnectionError, ssl.SSLError):  # to be cut off is an answer to garbage
        plain.sendall(sent)
        if not isinstance(plain, ssl.SSLSocket):
            plain.shutdown(socket.SHUT_WR)
        while chunk := plain.recv(65536):
            got += chunk
    return got


def _ask(served: Emulator, context: ssl.SSLContext, sent: bytes) -> list[int]:
    """The statuses that come back on a connection of its own; a request that asks to close ends it."""
    ending = b"GET /control/clock HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with (
        socket.create_connection(_address(served), timeout=0.3) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as tls,
        contextlib.suppress(TimeoutError),  # it waits for the rest of a body that was announced
    ):
        return _statuses(_exchange(tls, sent + ending))
    return []


def test_no_bytes_make_the_listener_answer_500_or_fall_silent(served: Emulator) -> None:
    context = _context(served)

    @settings(max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @example(b"\x16\x03\x01")
    @example(b"GET /v1.0/me HTTP/1.1\r\n" + HOST + b"client-request-id: \xff\xfe\r\n\r\n")
    @example(b"POST /v1.0/applications HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n\r\n")
    @given(sent=_MESSAGES)
    def each(sent: bytes) -> None:
        assert all(status < 500 or status == 505 for status in _ask(served, context, sent))

    each()
    assert _ask(served, context, b"") == [401]


def test_request_cut_off_in_its_body_is_not_done(served: Emulator) -> None:
    context = _context(served)
    head = b"POST /control/clock HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Length: 99\r\n\r\n"
    token = served.description()["control"]["token"].encode()
    with (
        socket.create_connection(_address(served), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as tls,
    ):
        tls.sendall(head % token + b'{"advanceSeconds": 500}')
    answer = _get_clock(served, context, token)
    assert b'"offset":0.0' in answer


def _get_clock(served: Emulator, context: ssl.SSLContext, token: bytes) -> bytes:
    request = b"GET /control/clock HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n"
    with (
        socket.create_connection(_address(served), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as tls,
    ):
        return _exchange(tls, request % token)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x00\xff\r\n\r\n", 400),
        (b"CONNECT\r\n\r\n", 400),
        (b"GET http://graph.microsoft.com/ HTTP/1.1\r\n\r\n", 400),
        (b"CONNECT graph.microsoft.com:443 HTTP/1.1\r\n" + b"x" * 100_000, 400),
        (b"CONNECT graph.microsoft.com", 400),
        (b"CONNECT example.com:443 HTTP/1.1\r\n\r\n", 403),
        (b"CONNECT graph.microsoft.com:80 HTTP/1.1\r\n\r\n", 403),
        (b"CONNECT 127.0.0.1:22 HTTP/1.1\r\n\r\n", 403),
        (b"CONNECT :443 HTTP/1.1\r\n\r\n", 403),
        (b"CONNECT [::1]:443 HTTP/1.1\r\n\r\n", 403),
    ],
)
def test_proxy_says_why_it_opens_no_tunnel(served: Emulator, sent: bytes, status: int) -> None:
    with socket.create_connection(_proxy(served), timeout=5) as plain:
        answer = _exchange(plain, sent)
    assert _statuses(answer) == [status]
    assert answer.partition(b"\r\n\r\n")[2]  # a sentence for a person


@pytest.mark.parametrize("sent", [b"", b"CONNECT", b"CONNECT graph.microsoft.com:443 HTTP/1.1\r\n\r\n", b"\x00"])
def test_proxy_survives_clients_that_leave_half_way(served: Emulator, sent: bytes) -> None:
    for _ in range(20):
        with socket.create_connection(_proxy(served), timeout=5) as plain:
            plain.sendall(sent)
            # a reset, not a goodbye
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    assert _through(served, b"login.microsoftonline.com") == 404


def test_tunnels_in_parallel_each_reach_their_host(served: Emulator) -> None:
    with ThreadPoolExecutor(24) as pool:
        assert set(pool.map(lambda _: _through(served, b"login.microsoftonline.com"), range(48))) == {404}


def _through(served: Emulator, host: bytes) -> int:
    """The status of a path nobody has, asked through the proxy."""
    with socket.create_connection(_proxy(served), timeout=20) as plain:
        plain.sendall(b"CONNECT %s:443 HTTP/1.1\r\n\r\n" % host)
        opened = b""
        while not opened.endswith(b"\r\n\r\n"):
            opened += plain.recv(1)
        assert _statuses(opened) == [200]
        with _context(served).wrap_socket(plain, server_hostname=host.decode()) as tls:
            tls.sendall(b"GET /a/b/c/d/e/f/g HTTP/1.1\r\nHost: %s\r\n\r\n" % host)
            return _statuses(tls.recv(4096))[0]

"""What goes over the wire, and what a caller is told when it breaks. Real sockets on both sides."""

import asyncio
import contextlib
import hashlib
import socket
from typing import Any

import httpx
import pytest

from tests.gateway.conftest import a_key, answer_of, answering, request_of, serving

MIB = 1 << 20


class Echo:
    """A service that answers with what it was sent: header by header, and the body's size and digest."""

    def __init__(self) -> None:
        self.clients: set[Any] = set()
        self.first_bytes = asyncio.Event()
        self.at_once = self.most = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": f"{message['type']}.complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        self.clients.add(scope["client"])
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        digest, size, more = hashlib.sha256(), 0, True
        while more:
            message = await receive()
            digest.update(message.get("body", b""))
            size += len(message.get("body", b""))
            more = message.get("more_body", False)
            if size:
                self.first_bytes.set()
        await asyncio.sleep(0.01 if scope["query_string"] == b"slowly" else 0)
        headers = [
            (b"x-size", str(size).encode()),
            (b"x-digest", digest.hexdigest().encode()),
            (b"x-target", scope["raw_path"] + b"?" + scope["query_string"]),
            (b"set-cookie", b"secret=" + dict(scope["headers"]).get(b"authorization", b"")[-8:]),
            *((b"x-sent-" + name, value) for name, value in scope["headers"]),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if scope["query_string"] == b"large":
            for _ in range(32):
                await send({"type": "http.response.body", "body": b"x" * MIB, "more_body": True})
        await send({"type": "http.response.body", "body": b"{}"})
        self.at_once -= 1


async def test_connections_are_used_again(gateway_before):
    echo = Echo()
    async with serving(echo) as port, gateway_before(port) as town:
        for _ in range(20):
            assert (await town.get()).status_code == 200

        assert len(echo.clients) == 1


async def test_a_service_that_is_not_there_is_503_with_a_time_to_come_back(gateway_before):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    async with gateway_before(port) as town:
        answer = await town.post(**a_key())

    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "GEN-503", "1")
    assert answer.json()["retryable"] is True


async def test_a_service_that_does_not_answer_in_time_is_504(gateway_before):
    async def never(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with answering(never) as port, gateway_before(port, answer_seconds=0.3) as town:
        answer = await town.post()

    assert (answer.status_code, answer.json()["code"]) == (504, "GEN-504")


async def test_an_answer_that_breaks_off_is_502(gateway_before):
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
        await writer.drain()

    async with answering(half) as port, gateway_before(port) as town:
        answer = await town.post(**a_key())

    assert (answer.status_code, answer.json()["code"]) == (502, "GEN-502")


async def test_what_is_not_http_is_502(gateway_before):
    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(b"220 mail.example ESMTP\r\n")
        await writer.drain()
        await reader.read()

    async with answering(nonsense) as port, gateway_before(port) as town:
        assert (await town.get()).status_code == 502


async def test_a_large_answer_that_breaks_off_breaks_off_for_the_caller(gateway_before):
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n" + b"x" * 500_000)
        await writer.drain()

    async with answering(half) as port, gateway_before(port) as town:
        with pytest.raises(httpx.RemoteProtocolError):
            await town.get()


@pytest.mark.parametrize(
    ("method", "headers", "status", "times"),
    [("POST", a_key(), 200, 2), ("GET", {}, 200, 2), ("POST", {}, 502, 1)],
    ids=["with a key: again", "reading: again", "without a key: never"],
)
async def test_a_connection_closed_while_idle(gateway_before, method, headers, status, times):
    """The service closes a kept-alive connection at the moment at which it is used again."""
    asked: list[bytes] = []

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, _ = await request_of(reader)
        asked.append(head)
        writer.write(answer_of({}))
        await request_of(reader)
        asked.append(head)

    async with answering(once) as port, gateway_before(port) as town:
        await town.pooled()
        asked.clear()

        answer = await town.client.request(method, "/v1/toys/1", headers={**town.bearer(), **headers})

    assert (answer.status_code, len(asked)) == (status, times)


async def test_a_new_connection_that_is_closed_unanswered_is_never_tried_again(gateway_before):
    """The service had the request, and may have carried it out."""
    asked: list[bytes] = []

    async def close(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        asked.append((await request_of(reader))[0])

    async with answering(close) as port, gateway_before(port) as town:
        answer = await town.post(**a_key())

    assert (answer.status_code, len(asked)) == (502, 1)


async def test_nothing_of_one_user_reaches_another(gateway_before):
    async with serving(Echo()) as port, gateway_before(port) as town:
        first, second = town.bearer("ofc-1"), town.bearer("ofc-2")
        answer_1 = (
            await town.client.get("/v1/toys/1", headers={**first, "Cookie": "mine=1", "If-Match": '"v1"'})
        ).headers
        town.client.cookies.clear()
        answer_2 = (await town.client.get("/v1/toys/1", headers=second)).headers

    assert answer_1["x-sent-authorization"] == first["Authorization"]
    assert answer_2["x-sent-authorization"] == second["Authorization"]
    assert "x-sent-cookie" not in answer_2
    assert "x-sent-if-match" not in answer_2
    assert answer_1["set-cookie"] != answer_2["set-cookie"]


async def test_what_anyone_can_write_is_not_believed(gateway_before):
    forged = {
        "X-User": "root",
        "X-Organ": "proc-330106",
        "Forwarded": "for=1.2.3.4",
        "X-Forwarded-For": "1.2.3.4",
        "X-Forwarded-Host": "evil",
        "X-HTTP-Method-Override": "DELETE",
        "Request-Id": "no good!",
        "Keep-Alive": "timeout=5",
    }
    async with serving(Echo()) as port, gateway_before(port) as town:
        answer = await town.post(**forged)

    sent = {name.removeprefix("x-sent-"): value for name, value in answer.headers.items() if name.startswith("x-sent-")}
    assert not {name.lower() for name in forged} - {"request-id"} & sent.keys()
    assert sent["request-id"] == answer.headers["request-id"] != "no good!"
    assert sent["host"] == f"127.0.0.1:{port}"


async def test_a_request_id_of_the_caller_is_kept(gateway_before):
    async with serving(Echo()) as port, gateway_before(port) as town:
        answer = await town.get(**{"Request-Id": "req_of_mine"})

    assert answer.headers.get_list("request-id") == ["req_of_mine"]


async def test_a_repeated_identity_is_400(gateway_before):
    async with serving(Echo()) as port, gateway_before(port) as town:
        twice = [
            ("Authorization", town.bearer("a")["Authorization"]),
            ("Authorization", town.bearer("b")["Authorization"]),
        ]
        answer = await town.client.get("/v1/toys/1", headers=twice)

    assert (answer.status_code, answer.json()["code"]) == (400, "GEN-400")


async def test_only_open_routes_need_no_token(gateway_before):
    async with serving(Echo()) as port, gateway_before(port) as town:
        refused = await town.client.get("/v1/toys/1")
        forged = await town.client.get("/v1/toys/1", headers={"Authorization": "Bearer a.b.c"})
        answered = await town.client.get("/v1/open-toys")

    assert (refused.status_code, refused.json()["code"]) == (401, "AUTHN-001")
    assert forged.status_code == 401
    assert answered.status_code == 200


async def test_a_header_named_as_belonging_to_the_connection_goes_no_further_but_the_length_does(gateway_before):
    """Else the body would be read as the next request of that connection, in another user's name."""
    asked: list[bytes] = []

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head, body = await request_of(reader)
            asked.append(head + body)
            writer.write(answer_of({}))

    hidden = b"GET /v1/toys/hidden HTTP/1.1\r\nhost: x\r\n\r\n"
    async with answering(count) as port, gateway_before(port) as town:
        await town.post(hidden, Connection="x-own, content-length", **{"X-Own": "1"})
        await town.get()

    assert len(asked) == 2
    assert asked[0].endswith(hidden)
    assert b"x-own" not in asked[0]


async def test_the_path_and_the_query_pass_unchanged(gateway_before):
    async with serving(Echo()) as port, gateway_before(port) as town:
        answer = await town.get("/v1/toys/a%20b?q=%E7%9B%97&r=2")

    assert answer.headers["x-target"] == "/v1/toys/a%20b?q=%E7%9B%97&r=2"


async def test_a_large_body_goes_on_while_it_comes(gateway_before):
    echo = Echo()

    async def body() -> Any:
        yield b"a" * MIB
        await asyncio.wait_for(echo.first_bytes.wait(), 5)
        for _ in range(31):
            yield b"a" * MIB

    async with serving(echo) as port, gateway_before(port) as town:
        answer = await town.post(body())
        counted = await town.post(b"a" * 32 * MIB)

    expected = hashlib.sha256(b"a" * 32 * MIB).hexdigest()
    assert (answer.headers["x-size"], answer.headers["x-digest"]) == (str(32 * MIB), expected)
    assert (counted.headers["x-size"], counted.headers["x-digest"]) == (str(32 * MIB), expected)
    assert "x-sent-content-length" not in answer.headers


async def test_a_large_answer_goes_on_while_it_comes_and_waits_for_a_slow_reader(gateway_before):
    sent = 0

    async def many(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (64 * MIB))
        for _ in range(64):
            writer.write(b"x" * MIB)
            await writer.drain()
            sent += 1

    async with (
        answering(many) as port,
        gateway_before(port) as town,
        town.client.stream("GET", "/v1/toys/1", headers=town.bearer()) as answer,
    ):
        await asyncio.sleep(0.5)
        sent_before_reading = sent
        size = sum([len(chunk) async for chunk in answer.aiter_bytes()])

    assert size == 64 * MIB
    assert sent_before_reading < 32


async def test_a_chunked_answer_arrives_whole(gateway_before):
    async with serving(Echo()) as port, gateway_before(port) as town:
        large = await town.get("/v1/toys/1?large")
        small = await town.get()

    assert len(large.content) == 32 * MIB + 2
    assert small.content == b"{}"


async def test_an_interim_answer_is_not_the_answer(gateway_before):
    async def hints(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await request_of(reader)
            writer.write(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" + answer_of({"a": 1}))

    async with answering(hints) as port, gateway_before(port) as town:
        answers = [await town.get() for _ in range(3)]

    assert [(each.status_code, each.json(), "link" in each.headers) for each in answers] == [(200, {"a": 1}, False)] * 3


async def test_a_second_answer_to_one_request_is_nobodys(gateway_before):
    async def twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = 0
        while True:
            await request_of(reader)
            number += 1
            writer.write(answer_of({"n": number}) + answer_of({"poison": True}, "418 Teapot"))

    async with answering(twice) as port, gateway_before(port) as town:
        answers = [await town.get() for _ in range(3)]

    assert [(each.status_code, each.json()) for each in answers] == [(200, {"n": 1})] * 3


async def test_an_answer_without_a_length_ends_with_its_connection(gateway_before):
    async def until_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nall of it")
        await writer.drain()

    async with answering(until_the_end) as port, gateway_before(port) as town:
        assert (await town.get()).content == b"all of it"
        assert (await town.get()).content == b"all of it"


async def test_two_hundred_at_once_share_few_connections(gateway_before):
    echo = Echo()
    async with serving(echo) as port, gateway_before(port, connections=16, waiting=1000, waiting_seconds=30) as town:
        limits = httpx.Limits(max_connections=200)
        async with httpx.AsyncClient(base_url=town.url, limits=limits, timeout=30, trust_env=False) as client:
            bodies = [str(number).encode() * 50 for number in range(200)]
            answers = await asyncio.gather(
                *(client.post("/v1/toys/1?slowly", content=body, headers=town.bearer()) for body in bodies)
            )

    assert {each.text for each in answers} == {"{}"}
    assert [each.headers["x-digest"] for each in answers] == [hashlib.sha256(body).hexdigest() for body in bodies]
    assert echo.most <= 16
    assert len(echo.clients) <= 16


async def test_who_would_wait_too_long_is_told_at_once(gateway_before):
    free = asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await request_of(reader)
            await free.wait()
            writer.write(answer_of({}))

    async with answering(hold) as port, gateway_before(port, connections=1, waiting=1) as town:
        first = asyncio.create_task(town.get())
        await asyncio.sleep(0.1)
        second = asyncio.create_task(town.get())
        await asyncio.sleep(0.1)
        third = await town.get()
        free.set()
        answers = [await first, await second]

    assert (third.status_code, third.json()["code"]) == (503, "GEN-503")
    assert [each.status_code for each in answers] == [200, 200]


async def test_when_the_caller_has_gone_nobody_is_asked_any_more(gateway_before):
    gone = asyncio.Event()

    async def wait(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await request_of(reader)
        with contextlib.suppress(ConnectionError):
            await reader.read()
        gone.set()

    async with answering(wait) as port, gateway_before(port) as town:
        with pytest.raises(httpx.ReadTimeout):
            await town.client.get("/v1/toys/1", headers=town.bearer(), timeout=0.2)

        await asyncio.wait_for(gone.wait(), 5)


async def test_pipelined_requests_are_answered_in_order(gateway_before):
    async def numbered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head, _ = await request_of(reader)
            number = int(head.split(b" ")[1].rpartition(b"/")[2])
            await asyncio.sleep(0.05 if number == 0 else 0)
            writer.write(answer_of({"n": number}))

    async with answering(numbered) as port, gateway_before(port) as town:
        await town.pooled()
        reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(town.url).port)
        token = town.bearer()["Authorization"]
        for number in range(5):
            writer.write(f"GET /v1/toys/{number} HTTP/1.1\r\nhost: x\r\nauthorization: {token}\r\n\r\n".encode())
        answers = [await request_of(reader) for _ in range(5)]
        writer.close()
        await writer.wait_closed()

    assert [body for _, body in answers] == [b'{"n": %d}' % number for number in range(5)]


async def test_a_caller_who_wants_to_close_is_closed(gateway_before):
    async with serving(Echo()) as port, gateway_before(port) as town:
        await town.pooled()
        reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(town.url).port)
        token = town.bearer()["Authorization"]
        writer.write(
            f"GET /v1/toys/1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: {token}\r\n\r\n".encode()
        )
        answer = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        await writer.wait_closed()

    assert b"connection: close" in answer
    assert b"x-sent-connection" not in answer
